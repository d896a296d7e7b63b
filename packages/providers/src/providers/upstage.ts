import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const upstage = defineProvider({
  id: 'upstage',
  name: 'Upstage',
  protocol: 'openai-chat',
  baseUrl: 'https://api.upstage.ai/v1/solar',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://developers.upstage.ai/docs/apis/chat', date: '2026-11-22' },
});
