import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

export const alibaba = defineProvider({
  id: 'alibaba',
  name: 'Alibaba Cloud',
  protocol: 'openai-chat',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  apiKeyVariable: 'DASHSCOPE_API_KEY',
  authorize: bearer,
  // Models think or not as `enable_thinking` says; efforts exist for DeepSeek alone.
  quirks: { reasoningSwitch: 'enable_thinking' },
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://www.alibabacloud.com/help/en/model-studio/deep-thinking', date: '2026-11-22' },
  recordings: ['alibaba'],
});
