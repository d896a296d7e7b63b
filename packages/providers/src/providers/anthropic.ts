import { anthropicKey } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const anthropic = defineProvider({
  id: 'anthropic',
  name: 'Anthropic',
  protocol: 'anthropic-messages',
  baseUrl: 'https://api.anthropic.com/v1',
  authorize: anthropicKey,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.anthropic.com/en/api/versioning', date: '2026-11-22' },
  recordings: ['anthropic'],
});
