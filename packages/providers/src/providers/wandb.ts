import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const wandb = defineProvider({
  id: 'wandb',
  name: 'WandB',
  protocol: 'openai-chat',
  baseUrl: 'https://api.inference.wandb.ai/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.wandb.ai/inference/response-settings/reasoning', date: '2026-11-22' },
});
