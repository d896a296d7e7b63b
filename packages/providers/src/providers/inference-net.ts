import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const inferenceNet = defineProvider({
  id: 'inference-net',
  name: 'InferenceNet',
  protocol: 'openai-chat',
  baseUrl: 'https://api.inference.net/v1',
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.inference.net/', date: '2026-11-22' },
});
