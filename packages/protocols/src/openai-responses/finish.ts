import type { FinishReason } from '@switchyard/contracts';
import { recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

const INCOMPLETE: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  max_tokens: 'length',
  content_filter: 'content_filter',
};

/**
 * How a `response` ended: its status, or why it is incomplete. That a caller's tool was asked for is not said, it shows in the
 * output.
 */
export function finishOf(
  response: JsonRecord,
  calledTools: boolean,
): { readonly reason: FinishReason; readonly nativeReason: string } {
  const why = textOf(recordOf(response['incomplete_details'])['reason']);
  if (response['status'] === 'incomplete' || why)
    return { reason: INCOMPLETE[why ?? ''] ?? 'length', nativeReason: why ?? 'incomplete' };
  return { reason: calledTools ? 'tool_calls' : 'stop', nativeReason: textOf(response['status']) ?? 'completed' };
}
