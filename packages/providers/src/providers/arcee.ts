import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const arcee = defineProvider({
  id: 'arcee',
  name: 'Arcee AI',
  protocol: 'openai-chat',
  baseUrl: 'https://api.arcee.ai/api/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.arcee.ai/api-reference/chat-completion', date: '2026-11-22' },
});
