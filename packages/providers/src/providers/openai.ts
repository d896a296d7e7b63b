import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const openai = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://api.openai.com/v1',
  authorize: bearer,
  // `max_tokens` is deprecated, and refused by the reasoning models.
  quirks: { rename: { max_tokens: 'max_completion_tokens' } },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/chat', date: '2026-11-22' },
  recordings: ['openai', 'openai-responses'],
});
