import type { FinishReason } from '@switchyard/contracts';

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  // Google has no word for tool calls: it stops.
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  error: 'OTHER',
};

/** Words of Google's own say more than the canonical reason; they are all in capitals, as nobody else's are. */
export const finishReasonOf = (reason: FinishReason, native: string | null): string =>
  native !== null && /^[A-Z][A-Z_]+$/.test(native) ? native : REASONS[reason];
