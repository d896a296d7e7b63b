import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';

/** An Ollama of your own in its own format. Its cloud is the same with OLLAMA_BASE_URL=https://ollama.com/api and a key. */
export const ollama = defineProvider({
  id: 'ollama',
  name: 'Ollama',
  protocol: 'ollama',
  baseUrl: 'http://127.0.0.1:11434/api',
  keyRequired: false,
  authorize: bearer,
  // The server stops a model whose reader has gone, and nobody sends a bill.
  stopsBillingOnAbort: true,
  source: { url: 'https://docs.ollama.com/api/streaming', date: '2026-11-22' },
  documentation: { url: 'https://docs.ollama.com/api/chat', date: '2026-11-22' },
  recordings: ['ollama'],
});
