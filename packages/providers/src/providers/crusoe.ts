import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const crusoe = defineProvider({
  id: 'crusoe',
  name: 'Crusoe',
  protocol: 'openai-chat',
  baseUrl: 'https://api.inference.crusoecloud.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.crusoecloud.com/managed-inference/overview', date: '2026-11-22' },
  recordings: ['crusoe'],
});
