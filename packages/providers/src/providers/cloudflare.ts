import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const cloudflare = defineProvider({
  id: 'cloudflare',
  name: 'Cloudflare',
  protocol: 'openai-chat',
  baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1',
  settings: { account: { variable: 'CLOUDFLARE_ACCOUNT_ID' } },
  authorize: bearer,
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility',
    date: '2026-11-22',
  },
  recordings: ['cloudflare'],
});
