import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const moonshotai = defineProvider({
  id: 'moonshotai',
  name: 'Moonshot AI',
  protocol: 'openai-chat',
  baseUrl: 'https://api.moonshot.ai/v1',
  apiKeyVariable: 'MOONSHOT_API_KEY',
  authorize: bearer,
  // `thinking.type` is on or off, without efforts. Thinking with tools needs the reasoning of the turn back.
  quirks: {
    rename: { max_completion_tokens: 'max_tokens' },
    reasoningSwitch: 'thinking',
    reasoningField: 'reasoning_content',
  },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://platform.moonshot.ai/docs/api/chat', date: '2026-11-22' },
  recordings: ['moonshot'],
});
