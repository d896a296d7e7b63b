import { z } from 'zod';
import { nanos } from '../money.js';
import { rpc } from '../rpc.js';
import { BudgetInterval, BudgetScope } from './budget.js';

const BudgetSpend = z.object({
  scopeId: z.uuid(),
  interval: BudgetInterval,
  /** Spent in the current window, with what had no room left under the cap. */
  spentNanos: nanos,
  /** Lent to edges against the budget right now. */
  reservedNanos: nanos,
  resetsAt: z.iso.datetime().nullable(),
});
export type BudgetSpend = z.output<typeof BudgetSpend>;

/** What was spent under budgets in their current windows, in the order asked. A budget that nobody spent under has zeros. */
export const GetBudgetSpend = rpc(
  'ledger.v1.rpc.budget.spend',
  z.object({ budgets: z.array(z.object({ scopeId: z.uuid(), interval: BudgetInterval })).max(200) }),
  z.object({ spend: z.array(BudgetSpend) }),
);

/** Keys that one question may name; more would not fit into a message. */
export const MAX_KEYS_OF_BUDGET = 10_000;

/**
 * Opens the current window of a budget that is set or changed, and counts in it what these keys have spent in the window without
 * counting against the budget: a budget that is set in the middle of a month is of the whole month.
 */
export const OpenBudget = rpc(
  'ledger.v1.rpc.budget.open',
  BudgetScope.extend({ keyIds: z.array(z.uuid()).max(MAX_KEYS_OF_BUDGET) }),
  z.object({ spentNanos: nanos }),
);

/** How far a limit of free models is used. A `limit` of 0 is no limit. */
const FreeWindow = z.object({
  limit: z.int().nonnegative(),
  used: z.int().nonnegative(),
  resetsAt: z.iso.datetime(),
});
export type FreeWindow = z.output<typeof FreeWindow>;

const FreeQuota = z.object({
  minute: FreeWindow,
  day: FreeWindow,
  /** What the account ever bought, and from which sum on its daily limit is the higher one, with that limit. */
  boughtNanos: nanos,
  thresholdNanos: nanos,
  dayLimitAbove: z.int().nonnegative(),
});
export type FreeQuota = z.output<typeof FreeQuota>;

/** How far an account has used its requests of free models. `not_found` for an unknown account. */
export const GetFreeQuota = rpc('ledger.v1.rpc.quota.get', z.object({ accountId: z.uuid() }), FreeQuota);

/**
 * Hands an edge the right to start some requests of free models within this UTC minute: at most as many as it wants, few when
 * few are left, none when the limit is reached. Idempotent by `trancheId`.
 */
export const TakeFreeRequests = rpc(
  'ledger.v1.rpc.quota.take',
  z.object({ trancheId: z.uuid(), accountId: z.uuid(), want: z.int().min(1).max(1_000) }),
  z.object({
    granted: z.int().nonnegative(),
    /** How long they may be used, from the asking. */
    validMs: z.int().nonnegative(),
    /** The limit that is reached; null while there is room. */
    limitedBy: z.enum(['minute', 'day']).nullable(),
    quota: FreeQuota,
  }),
);

/** Gives back what an edge did not use of a tranche: it does not count against the day. Once per tranche, however often it is told. */
export const ReturnFreeRequests = rpc(
  'ledger.v1.rpc.quota.return',
  z.object({ trancheId: z.uuid(), unused: z.int().min(1).max(1_000_000) }),
  z.object({ returned: z.int().nonnegative() }),
);
