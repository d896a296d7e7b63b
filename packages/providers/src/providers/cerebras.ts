import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const cerebras = defineProvider({
  id: 'cerebras',
  name: 'Cerebras',
  protocol: 'openai-chat',
  baseUrl: 'https://api.cerebras.ai/v1',
  authorize: bearer,
  // These are answered with 400 (https://inference-docs.cerebras.ai/resources/openai).
  quirks: {
    rename: { max_tokens: 'max_completion_tokens' },
    omit: ['frequency_penalty', 'presence_penalty', 'logit_bias', 'service_tier'],
  },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://inference-docs.cerebras.ai/resources/openai', date: '2026-11-22' },
  recordings: ['cerebras'],
});
