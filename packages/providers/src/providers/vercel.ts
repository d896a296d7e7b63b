import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const vercel = defineProvider({
  id: 'vercel',
  name: 'Vercel AI Gateway',
  protocol: 'openai-chat',
  baseUrl: 'https://ai-gateway.vercel.sh/v1',
  apiKeyVariable: 'AI_GATEWAY_API_KEY',
  authorize: bearer,
  // Whether the bill stops depends on the provider behind it, which is not known before the answer.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions/advanced',
    date: '2026-11-22',
  },
});
