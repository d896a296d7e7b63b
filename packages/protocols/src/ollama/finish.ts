import type { FinishReason } from '@switchyard/contracts';

/** `done_reason`. Ollama has no word for calls of tools: it stops. Old servers give no reason at all. */
export function finishReasonOf(native: string | undefined, calledTools: boolean): FinishReason {
  if (native === 'length') return 'length';
  return calledTools ? 'tool_calls' : 'stop';
}
