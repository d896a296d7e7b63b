import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';

/** The simulator that comes with the product: deterministic answers in every protocol, without a key, for trying and testing. */
export const sandbox = defineProvider({
  id: 'sandbox',
  name: 'Sandbox',
  protocol: 'openai-chat',
  also: [
    { protocol: 'openai-responses', basePath: '' },
    { protocol: 'anthropic-messages', basePath: '' },
    { protocol: 'gemini', basePath: '' },
  ],
  baseUrl: null,
  keyRequired: false,
  authorize: bearer,
  prefill: 'turn',
  stopsBillingOnAbort: true,
  source: { url: 'packages/testing/src/simulator', date: '2026-11-22' },
});
