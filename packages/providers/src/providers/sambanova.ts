import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const sambanova = defineProvider({
  id: 'sambanova',
  name: 'SambaNova',
  protocol: 'openai-chat',
  baseUrl: 'https://api.sambanova.ai/v1',
  authorize: bearer,
  // The old name of the limit is the documented one.
  quirks: { rename: { max_completion_tokens: 'max_tokens' } },
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.sambanova.ai/docs', date: '2026-11-22' },
});
