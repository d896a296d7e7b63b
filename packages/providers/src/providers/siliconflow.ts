import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const siliconflow = defineProvider({
  id: 'siliconflow',
  name: 'SiliconFlow',
  protocol: 'openai-chat',
  baseUrl: 'https://api.siliconflow.com/v1',
  authorize: bearer,
  // The schema knows the old name of the limit, and `enable_thinking` instead of efforts.
  quirks: { rename: { max_completion_tokens: 'max_tokens' }, reasoningSwitch: 'enable_thinking' },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions',
    date: '2026-11-22',
  },
});
