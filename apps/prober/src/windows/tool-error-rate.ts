import type { ToolCallCounts } from '@switchyard/contracts';

/** Fewer answers with tool calls than this say nothing: one bad one would be a rate of 5 % and more. */
export const MIN_TOOL_ANSWERS = 20;

/** The share of bad answers in the first window that has enough of them; null when none has. */
export function toolErrorRate(windows: readonly (ToolCallCounts | undefined)[]): number | null {
  const enough = windows.find((window) => window !== undefined && window.answers >= MIN_TOOL_ANSWERS);
  return enough ? enough.bad / enough.answers : null;
}
