import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const gmicloud = defineProvider({
  id: 'gmicloud',
  name: 'GMICloud',
  protocol: 'openai-chat',
  baseUrl: 'https://api.gmi-serving.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.gmicloud.ai/inference-engine/api-reference/llm-api-reference',
    date: '2026-11-22',
  },
});
