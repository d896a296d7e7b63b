import type { BudgetInterval } from '@switchyard/contracts';
import { z } from 'zod';
import { text, usdAmount } from './key-bodies.js';

/** The interval of a budget as an address names it: OpenRouter calls a budget that is never reset `lifetime`. */
export const BudgetIntervalName = z
  .enum(['daily', 'weekly', 'monthly', 'lifetime'], { message: 'must be daily, weekly, monthly or lifetime' })
  .transform((name): BudgetInterval => (name === 'lifetime' ? 'total' : name));

const limitUsd = usdAmount.refine((nanos) => nanos > 0n, 'must be more than 0');

/** Body of `PUT /workspaces/{id}/budgets/{interval}`. */
export const WorkspaceBudgetBody = z.object({
  limit_usd: limitUsd,
  include_byok_in_budgets: z.boolean().optional(),
});

const userId = text(200).min(1);

/** Body of `PUT /budgets/{interval}`: of one user's keys, or of the whole account without a user. */
export const BudgetBody = z.object({ limit_usd: limitUsd, creator_user_id: userId.nullish() });

/** Whose budget an address without a body means. */
export const BudgetQuery = z.object({ creator_user_id: userId.optional() });

/** Pages of lists (spec 1.5). */
export const PageQuery = z.object({
  offset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

export const BudgetListQuery = PageQuery.extend(BudgetQuery.shape);
