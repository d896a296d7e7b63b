import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const together = defineProvider({
  id: 'together',
  name: 'Together',
  protocol: 'openai-chat',
  baseUrl: 'https://api.together.xyz/v1',
  authorize: bearer,
  quirks: { rename: { max_completion_tokens: 'max_tokens' } },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.together.ai/docs/openai-api-compatibility', date: '2026-11-22' },
  recordings: ['together'],
});
