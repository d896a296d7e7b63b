import { usdNumber } from '@switchyard/contracts';
import type { ApiKey, BudgetSpend, FreeQuota, GetKeySpend, ReplyOf } from '@switchyard/contracts';
import { effectiveBudget } from './budget-view.js';
import { routingView } from './routing-body.js';
import { keepingView } from './key-keeping.js';

export type KeySpend = Omit<ReplyOf<typeof GetKeySpend>['spend'][number], 'keyId'>;

const NOTHING = { totalNanos: 0n, dailyNanos: 0n, weeklyNanos: 0n, monthlyNanos: 0n };
export const NOTHING_SPENT: KeySpend = { ...NOTHING, ownKey: NOTHING };

/** What a key has spent in the window of its limit. */
export function spentInWindow({ limitReset }: ApiKey, spend: KeySpend): bigint {
  const byWindow = { daily: spend.dailyNanos, weekly: spend.weeklyNanos, monthly: spend.monthlyNanos };
  return limitReset === null ? spend.totalNanos : byWindow[limitReset];
}

/** What is left of the key's limit, never below zero; null without a limit. */
export function limitRemaining(key: ApiKey, spend: KeySpend): bigint | null {
  if (key.limitNanos === null) return null;
  const rest = key.limitNanos - spentInWindow(key, spend);
  return rest > 0n ? rest : 0n;
}

const usd = (amountNanos: bigint | null): number | null => (amountNanos === null ? null : usdNumber(amountNanos));

const amounts = (key: ApiKey, spend: KeySpend) => ({
  label: key.label,
  limit: usd(key.limitNanos),
  limit_remaining: usd(limitRemaining(key, spend)),
  limit_reset: key.limitReset,
  include_byok_in_limit: key.includeByokInLimit,
  usage: usdNumber(spend.totalNanos),
  usage_daily: usdNumber(spend.dailyNanos),
  usage_weekly: usdNumber(spend.weeklyNanos),
  usage_monthly: usdNumber(spend.monthlyNanos),
  byok_usage: usdNumber(spend.ownKey.totalNanos),
  byok_usage_daily: usdNumber(spend.ownKey.dailyNanos),
  byok_usage_weekly: usdNumber(spend.ownKey.weeklyNanos),
  byok_usage_monthly: usdNumber(spend.ownKey.monthlyNanos),
  creator_user_id: key.creatorUserId,
  workspace_id: key.workspaceId,
  ...(key.expiresAt !== null && { expires_at: key.expiresAt }),
  ...keepingView(key),
});

/** The key object of the management API (spec 1.3 and Annex C). `hash` is the digest, the public handle. */
export const keyView = (key: ApiKey, spend: KeySpend): Record<string, unknown> => ({
  hash: key.digest,
  name: key.name,
  disabled: key.disabled,
  created_at: key.createdAt,
  updated_at: key.updatedAt,
  external_user: key.externalUser,
  last_used_at: key.lastUsedAt,
  routing: routingView(key.routing?.key),
  ...amounts(key, spend),
});

/** What is known of the use of a key: its spend, its account's use of free models, and what was spent under its budgets. */
export interface KeyUsage {
  readonly spend: KeySpend;
  readonly quota: FreeQuota;
  readonly budgets: readonly BudgetSpend[];
}

/** Free requests of the day; zeros where there is no limit. */
const freeRequests = ({ day: { limit, used } }: FreeQuota) =>
  limit === 0 ? { limit: 0, remaining: 0, used: 0 } : { limit, remaining: Math.max(0, limit - used), used };

/** `data` of `GET /key`: the key that asks. There is no fixed rate here. */
export const currentKeyView = (key: ApiKey, { spend, quota, budgets }: KeyUsage): Record<string, unknown> => ({
  ...amounts(key, spend),
  is_free_tier: quota.boughtNanos === 0n,
  is_management_key: key.kind === 'management',
  is_provisioning_key: key.kind === 'management',
  organization_id: null,
  allowed_data_regions: ['global'],
  free_model_daily_requests: freeRequests(quota),
  effective_budget: effectiveBudget(key, budgets),
  rate_limit: { interval: '10s', note: 'This field is deprecated: there is no fixed rate.', requests: -1 },
});
