import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const ovhcloud = defineProvider({
  id: 'ovhcloud',
  name: 'OVHcloud',
  protocol: 'openai-chat',
  baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://www.ovhcloud.com/en/public-cloud/ai-endpoints/catalog/', date: '2026-11-22' },
});
