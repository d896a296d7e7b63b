import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const cohere = defineProvider({
  id: 'cohere',
  name: 'Cohere',
  protocol: 'cohere-v2',
  baseUrl: 'https://api.cohere.com/v2',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.cohere.com/reference/chat', date: '2026-11-22' },
  recordings: ['cohere'],
});
