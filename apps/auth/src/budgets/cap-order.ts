import { formatUsd, GatewayError } from '@switchyard/contracts';
import type { BudgetInterval } from '@switchyard/contracts';

/** From the shortest to the longest. */
export const INTERVALS: readonly BudgetInterval[] = ['daily', 'weekly', 'monthly', 'total'];

interface Cap {
  readonly interval: BudgetInterval;
  readonly capNanos: bigint;
}

const WORDS = { daily: 'daily', weekly: 'weekly', monthly: 'monthly', total: 'lifetime' } as const;

/**
 * The caps of one owner strictly decrease as the interval shortens: otherwise the longer one would be spent within the shorter,
 * and the shorter one would mean nothing (OpenRouter's rule for workspaces).
 * @throws GatewayError `invalid_request` that names the budget in the way.
 */
export function assertOrdered(wanted: Cap, others: readonly Cap[]): void {
  for (const other of others) {
    const order = INTERVALS.indexOf(wanted.interval) - INTERVALS.indexOf(other.interval);
    if (order === 0) continue;
    const fits = order < 0 ? wanted.capNanos < other.capNanos : wanted.capNanos > other.capNanos;
    if (fits) continue;
    const relation = order < 0 ? 'less' : 'more';
    throw new GatewayError('invalid_request', {
      message:
        `The ${WORDS[wanted.interval]} budget must be ${relation} than the ${WORDS[other.interval]} budget ` +
        `of $${formatUsd(other.capNanos)}.`,
      metadata: { path: 'limit_usd' },
    });
  }
}
