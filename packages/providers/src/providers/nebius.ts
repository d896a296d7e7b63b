import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const nebius = defineProvider({
  id: 'nebius',
  name: 'Nebius Token Factory',
  protocol: 'openai-chat',
  baseUrl: 'https://api.tokenfactory.nebius.com/v1',
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion',
    date: '2026-11-22',
  },
});
