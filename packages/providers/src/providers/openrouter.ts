import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const openrouter = defineProvider({
  id: 'openrouter',
  name: 'OpenRouter',
  protocol: 'openai-chat',
  baseUrl: 'https://openrouter.ai/api/v1',
  authorize: bearer,
  quirks: { defaults: { usage: { include: true } } },
  // Whether the bill stops depends on the provider behind it, which is not known before the answer.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://openrouter.ai/docs/api-reference/overview', date: '2026-11-22' },
  recordings: ['openrouter'],
});
