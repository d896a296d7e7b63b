import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const phala = defineProvider({
  id: 'phala',
  name: 'Phala',
  protocol: 'openai-chat',
  baseUrl: 'https://inference.phala.com/v1',
  apiKeyVariable: 'PHALA_AI_API_KEY',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.phala.com/phala-cloud/confidential-ai/overview', date: '2026-11-22' },
});
