import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const nscale = defineProvider({
  id: 'nscale',
  name: 'Nscale',
  protocol: 'openai-chat',
  baseUrl: 'https://inference.api.nscale.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.nscale.com/docs/use-cases/chat', date: '2026-11-22' },
});
