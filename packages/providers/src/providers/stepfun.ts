import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const stepfun = defineProvider({
  id: 'stepfun',
  name: 'StepFun',
  protocol: 'openai-chat',
  baseUrl: 'https://api.stepfun.com/v1',
  authorize: bearer,
  // The list names it on neither side: without a promise the whole answer is taken as billed.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://platform.stepfun.com/docs/zh/api-reference/chat/chat-completion-create',
    date: '2026-11-22',
  },
});
