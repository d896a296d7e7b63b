import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const fireworks = defineProvider({
  id: 'fireworks',
  name: 'Fireworks',
  protocol: 'openai-chat',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  authorize: bearer,
  quirks: { rename: { max_completion_tokens: 'max_tokens' } },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.fireworks.ai/tools-sdks/openai-compatibility', date: '2026-11-22' },
  recordings: ['fireworks'],
});
