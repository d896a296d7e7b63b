import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';

/** Palmyra models. Whether a cancelled stream is billed to its end is said nowhere, so it is taken to be. */
export const writer = defineProvider({
  id: 'writer',
  name: 'Writer',
  protocol: 'openai-chat',
  baseUrl: 'https://api.writer.com/v1',
  authorize: bearer,
  quirks: { paths: { '/chat/completions': '/chat' } },
  stopsBillingOnAbort: false,
  source: { url: 'https://dev.writer.com/api-reference/completion-api/chat-completion', date: '2026-11-22' },
  recordings: ['writer'],
});
