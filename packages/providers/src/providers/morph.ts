import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const morph = defineProvider({
  id: 'morph',
  name: 'Morph',
  protocol: 'openai-chat',
  baseUrl: 'https://api.morphllm.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.morphllm.com/api-reference/introduction', date: '2026-11-22' },
});
