import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const vultr = defineProvider({
  id: 'vultr',
  name: 'Vultr',
  protocol: 'openai-chat',
  baseUrl: 'https://api.vultrinference.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://api.vultrinference.com/', date: '2026-11-22' },
});
