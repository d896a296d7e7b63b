import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const huggingface = defineProvider({
  id: 'huggingface',
  name: 'Hugging Face',
  protocol: 'openai-chat',
  baseUrl: 'https://router.huggingface.co/v1',
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion', date: '2026-11-22' },
  recordings: ['huggingface'],
});
