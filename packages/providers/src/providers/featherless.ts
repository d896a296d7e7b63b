import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const featherless = defineProvider({
  id: 'featherless',
  name: 'Featherless',
  protocol: 'openai-chat',
  baseUrl: 'https://api.featherless.ai/v1',
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://featherless.ai/docs', date: '2026-11-22' },
});
