import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const ioNet = defineProvider({
  id: 'io-net',
  name: 'io.net',
  protocol: 'openai-chat',
  baseUrl: 'https://api.intelligence.io.solutions/api/v1',
  apiKeyVariable: 'IOINTELLIGENCE_API_KEY',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://io.net/docs/guides/intelligence/reasoning-for-chat-completions', date: '2026-11-22' },
});
