import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/** Embeddings and reranks alone, in OpenAI's and Cohere's forms with words of its own. */
export const voyage = defineProvider({
  id: 'voyage',
  name: 'Voyage AI',
  protocol: 'openai-chat',
  baseUrl: 'https://api.voyageai.com/v1',
  authorize: bearer,
  quirks: { rename: { dimensions: 'output_dimension', top_n: 'top_k' }, omit: ['user'] },
  // The list names it on neither side; what it answers comes in one piece anyway.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.voyageai.com/reference/embeddings-api', date: '2026-11-22' },
  recordings: ['voyage-embeddings'],
});
