import { googleKey } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const google = defineProvider({
  id: 'google',
  name: 'Google AI Studio',
  protocol: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  authorize: googleKey,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://ai.google.dev/api', date: '2026-11-22' },
  recordings: ['gemini'],
});
