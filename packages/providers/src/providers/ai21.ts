import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const ai21 = defineProvider({
  id: 'ai21',
  name: 'AI21',
  protocol: 'openai-chat',
  baseUrl: 'https://api.ai21.com/studio/v1',
  authorize: bearer,
  // The old name of the limit is the documented one.
  quirks: { rename: { max_completion_tokens: 'max_tokens' } },
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.ai21.com/reference/jamba-1-6-api-ref', date: '2026-11-22' },
});
