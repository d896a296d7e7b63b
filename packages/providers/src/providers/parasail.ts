import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const parasail = defineProvider({
  id: 'parasail',
  name: 'Parasail',
  protocol: 'openai-chat',
  baseUrl: 'https://api.parasail.io/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.parasail.io/parasail-docs/quickstart/serverless', date: '2026-11-22' },
});
