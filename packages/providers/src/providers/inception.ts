import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const inception = defineProvider({
  id: 'inception',
  name: 'Inception',
  protocol: 'openai-chat',
  baseUrl: 'https://api.inceptionlabs.ai/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.inceptionlabs.ai/api-reference/chat/create-a-chat-completion',
    date: '2026-11-22',
  },
});
