import type { FinishReason } from '@switchyard/contracts';

/** `FinishReason` of ai.google.dev/api/generate-content. */
const REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
  MALFORMED_RESPONSE: 'error',
  NO_IMAGE: 'error',
};

/** Gemini has no word for tool calls: it stops. */
export function finishReasonOf(native: string, calledTools: boolean): FinishReason {
  const reason = REASONS[native] ?? 'stop';
  return reason === 'stop' && calledTools ? 'tool_calls' : reason;
}
