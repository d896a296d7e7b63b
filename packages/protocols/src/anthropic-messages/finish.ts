import type { FinishReason } from '@switchyard/contracts';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  // A long-running turn of server tools was paused; what there is stands.
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

export const finishReasonOf = (native: string): FinishReason => REASONS[native] ?? 'stop';
