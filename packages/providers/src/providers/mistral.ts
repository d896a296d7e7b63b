import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const mistral = defineProvider({
  id: 'mistral',
  name: 'Mistral',
  protocol: 'mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  authorize: bearer,
  // Unknown fields are answered with 422; usage comes in every stream without `stream_options` (https://docs.mistral.ai/api).
  quirks: {
    rename: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
    omit: ['stream_options', 'logit_bias', 'logprobs', 'top_logprobs', 'user', 'service_tier', 'store', 'verbosity'],
  },
  // https://docs.mistral.ai/capabilities/completion/prefix
  prefill: 'turn',
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.mistral.ai/api/endpoint/chat', date: '2026-11-22' },
  recordings: ['mistral'],
});
