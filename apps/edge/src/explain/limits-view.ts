import { usdNumber } from '@switchyard/contracts';
import type { ApiKey, BudgetScope, BudgetSpend, FreeQuota, GetBalance, ReplyOf } from '@switchyard/contracts';
import { budgetsOf } from '../callers/caller.js';
import { limitSource, publicScope } from '../credit/refusal.js';

/** One limit as a request would meet it. */
export interface LimitView {
  readonly limit_source: string;
  readonly scope: string;
  /** No request of this size passes before the limit is raised or reset. */
  readonly refuses: boolean;
  /** It passes only if requests that run give back what is set aside for them. */
  readonly waits: boolean;
  readonly [fact: string]: unknown;
}

export type Balance = ReplyOf<typeof GetBalance>;

const rest = (capNanos: bigint, usedNanos: bigint): bigint => (capNanos > usedNanos ? capNanos - usedNanos : 0n);

/** Whether an amount fits into what is left, at all and right now. */
const verdict = (requiredNanos: bigint, remainingNanos: bigint, reservedNanos: bigint) => {
  const refuses = requiredNanos > remainingNanos;
  return { refuses, waits: !refuses && requiredNanos > rest(remainingNanos, reservedNanos) };
};

/** The credit of the account. Money that is lent to edges counts as set aside, although part of it may lie unused there. */
export function creditLimit(requiredNanos: bigint, { availableNanos, leasedNanos }: Balance): LimitView {
  const remainingNanos = availableNanos + leasedNanos;
  return {
    limit_source: 'openrouter_credits',
    scope: 'account',
    required_usd: usdNumber(requiredNanos),
    remaining_usd: usdNumber(remainingNanos),
    reserved_usd: usdNumber(leasedNanos),
    ...verdict(requiredNanos, remainingNanos, leasedNanos),
  };
}

/** The limit of the key and every budget that it counts against. */
export function budgetLimits(key: ApiKey, requiredNanos: bigint, spend: readonly BudgetSpend[]): LimitView[] {
  return budgetsOf(key).flatMap((scope) => {
    const spent = spend.find(({ scopeId, interval }) => scopeId === scope.scopeId && interval === scope.interval);
    return spent ? [budgetLimit(scope, requiredNanos, spent)] : [];
  });
}

function budgetLimit({ kind, interval, capNanos }: BudgetScope, requiredNanos: bigint, spend: BudgetSpend): LimitView {
  const remainingNanos = rest(capNanos, spend.spentNanos);
  return {
    limit_source: limitSource(kind),
    scope: publicScope(kind),
    reset_interval: interval === 'total' ? null : interval,
    limit_usd: usdNumber(capNanos),
    spend_usd: usdNumber(spend.spentNanos),
    required_usd: usdNumber(requiredNanos),
    remaining_usd: usdNumber(remainingNanos),
    reserved_usd: usdNumber(spend.reservedNanos),
    resets_at: spend.resetsAt,
    ...verdict(requiredNanos, remainingNanos, spend.reservedNanos),
  };
}

/** Requests of free models; a limit of 0 is none. */
export const freeLimits = ({ minute, day }: FreeQuota): LimitView[] =>
  [
    { source: 'openrouter_free_tier_minute', window: minute },
    { source: 'openrouter_free_tier_daily', window: day },
  ]
    .filter(({ window }) => window.limit > 0)
    .map(({ source, window }) => ({
      limit_source: source,
      scope: 'account',
      limit: window.limit,
      used: window.used,
      resets_at: window.resetsAt,
      refuses: window.used >= window.limit,
      waits: false,
    }));
