import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const xiaomi = defineProvider({
  id: 'xiaomi',
  name: 'Xiaomi',
  protocol: 'openai-chat',
  baseUrl: 'https://api.xiaomimimo.com/v1',
  authorize: bearer,
  // `thinking.type` is on or off, without efforts.
  quirks: { reasoningSwitch: 'thinking', reasoningField: 'reasoning_content' },
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://platform.xiaomimimo.com/static/docs/api/chat/openai-api.md', date: '2026-11-22' },
});
