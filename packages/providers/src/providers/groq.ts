import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const groq = defineProvider({
  id: 'groq',
  name: 'Groq',
  protocol: 'openai-chat',
  baseUrl: 'https://api.groq.com/openai/v1',
  authorize: bearer,
  // These are answered with 400 (https://console.groq.com/docs/openai).
  quirks: { rename: { max_tokens: 'max_completion_tokens' }, omit: ['logit_bias', 'logprobs', 'top_logprobs'] },
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://console.groq.com/docs/openai', date: '2026-11-22' },
  recordings: ['groq'],
});
