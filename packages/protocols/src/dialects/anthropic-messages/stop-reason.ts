import type { FinishReason } from '@switchyard/contracts';

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  error: 'end_turn',
};

/** Anthropic's own words, which say more than the canonical reason does. */
const NATIVE = new Set([
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
]);

export const stopReasonOf = (reason: FinishReason, native: string | null): string =>
  native !== null && NATIVE.has(native) ? native : REASONS[reason];
