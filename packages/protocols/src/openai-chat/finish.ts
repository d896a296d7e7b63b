import type { FinishReason } from '@switchyard/contracts';

/** Stop words of OpenAI-compatible providers. A word that no one knows still ends an answer, so it counts as `stop`. */
const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  error: 'error',
  function_call: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  // Mistral: the context of the model is full.
  model_length: 'length',
  // Z.AI.
  sensitive: 'content_filter',
  network_error: 'error',
  safety: 'content_filter',
  refusal: 'content_filter',
  // DeepSeek: its machines gave up in the middle.
  insufficient_system_resource: 'error',
  // vLLM.
  abort: 'error',
};

export const finishReasonOf = (native: string): FinishReason => REASONS[native.toLowerCase()] ?? 'stop';
