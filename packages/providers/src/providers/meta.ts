import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const meta = defineProvider({
  id: 'meta',
  name: 'Meta',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://api.meta.ai/v1',
  apiKeyVariable: 'META_MODEL_API_KEY',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://dev.meta.ai/docs', date: '2026-11-22' },
});
