import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const antLing = defineProvider({
  id: 'ant-ling',
  name: 'Ant Ling',
  protocol: 'openai-chat',
  baseUrl: 'https://api.ant-ling.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://www.npmjs.com/package/@earendil-works/pi-ai', date: '2026-11-10' },
});
