import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const friendli = defineProvider({
  id: 'friendli',
  name: 'Friendli',
  protocol: 'openai-chat',
  baseUrl: 'https://api.friendli.ai/serverless/v1',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://friendli.ai/docs/openapi/model-apis/chat-completions', date: '2026-11-22' },
});
