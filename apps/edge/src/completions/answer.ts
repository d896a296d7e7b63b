import type { Attempt, GatewayError, UsageEvent } from '@switchyard/contracts';
import type { CachedAnswer } from '../response-cache/cached-answer.js';
import type { OrderedCandidate } from '../routing/index.js';
import type { Ending } from './settlement.js';

/** How a generation went, for the client, the books and the record. */
export interface Answer {
  /** Who answered; null when nobody did. */
  readonly served: { readonly candidate: OrderedCandidate; readonly attempt: Attempt } | null;
  readonly ending: Ending;
  /** The error of the generation; null when it ended as the model ended it. */
  readonly error: GatewayError | null;
  /** The client has everything that it will get; otherwise `error` is still to be answered. */
  readonly delivered: boolean;
  readonly cancelled: boolean;
  /** Time spent on attempts that did not speak, milliseconds. */
  readonly failedMs: number;
  /** The answer of another generation that was given instead of asking anybody. */
  readonly cached?: CachedAnswer;
}

export const usageOfAnswer = ({ ending }: Answer): UsageEvent | null => ('usage' in ending ? ending.usage : null);
