import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const doubleword = defineProvider({
  id: 'doubleword',
  name: 'Doubleword',
  protocol: 'openai-chat',
  baseUrl: 'https://api.doubleword.ai/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.doubleword.ai', date: '2026-11-22' },
});
