import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const novita = defineProvider({
  id: 'novita',
  name: 'Novita',
  protocol: 'openai-chat',
  baseUrl: 'https://api.novita.ai/openai/v1',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion',
    date: '2026-11-22',
  },
});
