import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const deepinfra = defineProvider({
  id: 'deepinfra',
  name: 'DeepInfra',
  protocol: 'openai-chat',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.deepinfra.com/chat/reasoning', date: '2026-11-22' },
});
