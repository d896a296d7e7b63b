import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const avian = defineProvider({
  id: 'avian',
  name: 'Avian',
  protocol: 'openai-chat',
  baseUrl: 'https://api.avian.io/v1',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://avian.io/docs/', date: '2026-11-22' },
});
