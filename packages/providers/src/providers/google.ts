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
});
