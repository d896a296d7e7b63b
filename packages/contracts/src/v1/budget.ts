import { z } from 'zod';
import { nanos } from '../money.js';

export const LimitReset = z.enum(['daily', 'weekly', 'monthly']);
export type LimitReset = z.output<typeof LimitReset>;

/** The windows of a budget: UTC days, weeks from Monday, months, and `total`, which is never reset. */
export const BudgetInterval = LimitReset.or(z.literal('total'));
export type BudgetInterval = z.output<typeof BudgetInterval>;

/** Whose spending a budget caps. */
export const BudgetKind = z.enum(['key', 'user', 'workspace', 'account']);
export type BudgetKind = z.output<typeof BudgetKind>;

/** Three kinds that a key inherits budgets from, with four windows each. */
export const MAX_BUDGETS_OF_KEY = 12;

/** A cap on spending that a lease counts against; the ledger makes its row of the current UTC window when it is first needed. */
export const BudgetScope = z.object({
  scopeId: z.uuid(),
  kind: BudgetKind.default('key'),
  interval: BudgetInterval,
  capNanos: nanos,
});
export type BudgetScope = z.output<typeof BudgetScope>;
