import { anthropicKey } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/** Its other API, in OpenAI's format, writes the thinking of most models into the text; this one keeps it apart, with signatures. */
export const minimax = defineProvider({
  id: 'minimax',
  name: 'MiniMax',
  protocol: 'anthropic-messages',
  baseUrl: 'https://api.minimax.io/anthropic/v1',
  authorize: anthropicKey,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://platform.minimax.io/docs/api-reference/anthropic-api-compatible-cache',
    date: '2026-11-22',
  },
});
