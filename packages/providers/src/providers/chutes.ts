import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const chutes = defineProvider({
  id: 'chutes',
  name: 'Chutes',
  protocol: 'openai-chat',
  baseUrl: 'https://llm.chutes.ai/v1',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://chutes.ai/docs/guides/reasoning-models', date: '2026-11-22' },
});
