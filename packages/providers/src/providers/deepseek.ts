import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const deepseek = defineProvider({
  id: 'deepseek',
  name: 'DeepSeek',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://api.deepseek.com/v1',
  authorize: bearer,
  // Thinking with tools needs the reasoning of the turn back (recorded exchange with deepseek-reasoner, tools and reasoning).
  quirks: { rename: { max_completion_tokens: 'max_tokens' }, reasoningField: 'reasoning_content' },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://api-docs.deepseek.com/', date: '2026-11-22' },
  recordings: ['deepseek', 'deepseek-responses'],
});
