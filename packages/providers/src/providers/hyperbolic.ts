import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const hyperbolic = defineProvider({
  id: 'hyperbolic',
  name: 'Hyperbolic',
  protocol: 'openai-chat',
  baseUrl: 'https://api.hyperbolic.xyz/v1',
  authorize: bearer,
  // The old name of the limit is the documented one.
  quirks: { rename: { max_completion_tokens: 'max_tokens' } },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.hyperbolic.xyz/docs/rest-api', date: '2026-11-22' },
});
