import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/** Searches before it answers: sources become citations, and `usage.cost` says what the call cost. */
export const perplexity = defineProvider({
  id: 'perplexity',
  name: 'Perplexity',
  protocol: 'openai-chat',
  baseUrl: 'https://api.perplexity.ai',
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.perplexity.ai/api-reference/chat-completions-post', date: '2026-11-22' },
  recordings: ['perplexity'],
});
