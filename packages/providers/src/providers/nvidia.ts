import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const nvidia = defineProvider({
  id: 'nvidia',
  name: 'NVIDIA',
  protocol: 'openai-chat',
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  authorize: bearer,
  // The schema of each model is closed: what it does not know is answered with an error.
  quirks: { omit: ['user', 'service_tier', 'prompt_cache_key', 'verbosity', 'prediction'] },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.api.nvidia.com/nim/reference/llm-apis', date: '2026-11-22' },
});
