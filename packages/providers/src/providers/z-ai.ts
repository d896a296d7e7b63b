import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const zAi = defineProvider({
  id: 'z-ai',
  name: 'Z.AI',
  protocol: 'openai-chat',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  apiKeyVariable: 'ZAI_API_KEY',
  authorize: bearer,
  // `thinking.type` is on or off, without efforts; the reasoning of earlier turns is read where the model keeps it.
  quirks: { reasoningSwitch: 'thinking', reasoningField: 'reasoning_content' },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.z.ai/guides/capabilities/thinking', date: '2026-11-22' },
  recordings: ['zai'],
});
