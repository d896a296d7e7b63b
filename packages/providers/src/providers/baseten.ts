import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const baseten = defineProvider({
  id: 'baseten',
  name: 'BaseTen',
  protocol: 'openai-chat',
  baseUrl: 'https://inference.baseten.co/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.baseten.co/reference/inference-api/chat-completions', date: '2026-11-22' },
});
