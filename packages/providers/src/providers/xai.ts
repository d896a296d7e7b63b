import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const xai = defineProvider({
  id: 'xai',
  name: 'xAI',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://api.x.ai/v1',
  authorize: bearer,
  quirks: { rename: { max_tokens: 'max_completion_tokens' }, omit: ['logit_bias'] },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.x.ai/docs/api-reference', date: '2026-11-22' },
  recordings: ['xai', 'xai-responses'],
});
