import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const scaleway = defineProvider({
  id: 'scaleway',
  name: 'Scaleway',
  protocol: 'openai-chat',
  baseUrl: 'https://api.scaleway.ai/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://www.scaleway.com/en/docs/generative-apis/how-to/query-reasoning-models/',
    date: '2026-11-22',
  },
});
