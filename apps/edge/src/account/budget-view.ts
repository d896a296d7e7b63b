import { usdNumber } from '@switchyard/contracts';
import type { ApiKey, Budget, BudgetInterval, BudgetScope, BudgetSpend, Workspace } from '@switchyard/contracts';
import { budgetsOf } from '../callers/caller.js';
import { publicScope } from '../credit/refusal.js';
import { routingView, workspaceDefaults } from './routing-body.js';

/** A stored budget with what was spent under it in the current window. */
export interface BudgetWithSpend {
  readonly budget: Budget;
  readonly spend: BudgetSpend;
}

const rest = (capNanos: bigint, spentNanos: bigint): bigint => (capNanos > spentNanos ? capNanos - spentNanos : 0n);
const resetInterval = (interval: BudgetInterval): string | null => (interval === 'total' ? null : interval);

const amounts = ({ capNanos, interval }: Pick<BudgetScope, 'capNanos' | 'interval'>, spend: BudgetSpend) => ({
  limit_usd: usdNumber(capNanos),
  reset_interval: resetInterval(interval),
  spend_usd: usdNumber(spend.spentNanos),
  remaining_usd: usdNumber(rest(capNanos, spend.spentNanos)),
  resets_at: spend.resetsAt,
});

/** OpenRouter's `WorkspaceBudget`, and what is spent of it. */
export const workspaceBudgetView = ({ budget, spend }: BudgetWithSpend): Record<string, unknown> => ({
  id: budget.id,
  workspace_id: budget.workspaceId,
  ...amounts(budget, spend),
  created_at: budget.createdAt,
  updated_at: budget.updatedAt,
});

/** A budget of `GET /budgets`: of the account, a user or a workspace. */
export const budgetView = ({ budget, spend }: BudgetWithSpend): Record<string, unknown> => ({
  id: budget.id,
  scope: publicScope(budget.kind),
  creator_user_id: budget.userId,
  workspace_id: budget.workspaceId,
  ...amounts(budget, spend),
  created_at: budget.createdAt,
  updated_at: budget.updatedAt,
});

/** OpenRouter's `Workspace` (spec Annex C). What this gateway has no setting for is null or off. */
export const workspaceView = (workspace: Workspace): Record<string, unknown> => ({
  id: workspace.id,
  name: workspace.name,
  slug: workspace.slug,
  description: null,
  created_at: workspace.createdAt,
  created_by: null,
  updated_at: workspace.updatedAt,
  default_image_model: null,
  ...workspaceDefaults(workspace),
  routing: routingView(workspace.routing),
  // A workspace has one set of rules, so its id names them as well.
  default_guardrail_id: workspace.id,
  include_byok_in_budgets: workspace.includeByokInBudgets,
  io_logging_api_key_ids: null,
  io_logging_sampling_rate: 1,
  is_data_discount_logging_enabled: false,
  is_observability_broadcast_enabled: false,
  is_observability_io_logging_enabled: false,
});

/** What a key counts against, its own limit included: what the ledger is asked about. */
export const scopesOf = (key: ApiKey): Pick<BudgetScope, 'scopeId' | 'interval'>[] =>
  budgetsOf(key).map(({ scopeId, interval }) => ({ scopeId, interval }));

/** `effective_budget` of `GET /key`: of all that the key counts against, the one with the least left; null without any. */
export function effectiveBudget(key: ApiKey, spend: readonly BudgetSpend[]): Record<string, unknown> | null {
  const left = ({ scopeId, interval, capNanos }: BudgetScope) => {
    const spent = spend.find((entry) => entry.scopeId === scopeId && entry.interval === interval);
    return spent ? { capNanos, spent, leftNanos: rest(capNanos, spent.spentNanos) } : null;
  };
  const [tightest] = budgetsOf(key)
    .flatMap((scope) => {
      const known = left(scope);
      return known ? [{ scope, ...known }] : [];
    })
    .sort((a, b) => (a.leftNanos < b.leftNanos ? -1 : a.leftNanos > b.leftNanos ? 1 : 0));
  if (!tightest) return null;
  const { scope, spent } = tightest;
  return {
    budget_id: scope.scopeId,
    guardrail_id: null,
    include_byok: scope.kind === 'key' && key.includeByokInLimit,
    ...amounts(scope, spent),
    scope: scope.kind === 'key' ? 'key_limit' : publicScope(scope.kind),
  };
}
