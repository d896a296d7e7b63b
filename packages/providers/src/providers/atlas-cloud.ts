import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const atlasCloud = defineProvider({
  id: 'atlas-cloud',
  name: 'AtlasCloud',
  protocol: 'openai-chat',
  baseUrl: 'https://api.atlascloud.ai/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://atlascloud.ai/docs', date: '2026-11-22' },
});
