import type { ApiKey, ReplyOf, ResolveKey, RoutingPolicy } from '@switchyard/contracts';
import type { BudgetRow } from '../budgets/budget.entity.js';
import { countsAgainst } from '../budgets/budget-owner.js';
import type { KeyRow } from './key.entity.js';
import { policyOf } from './routing-column.js';

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

/** What of a budget concerns the keys that count against it. */
export type KeyBudget = Omit<BudgetRow, 'id' | 'createdAt' | 'updatedAt'>;

/**
 * What a key has from its account: budgets, also such that other keys count against, the policies of workspaces by their id, and
 * whether the account runs the installation.
 */
export interface KeyTerms {
  readonly budgets: readonly KeyBudget[];
  readonly policies: ReadonlyMap<string, RoutingPolicy>;
  readonly operator: boolean;
}

/** A stored key in the form of the contract. */
export const toApiKey = (row: KeyRow, terms: KeyTerms): ApiKey => ({
  id: row.id,
  digest: row.digest,
  kind: row.kind,
  accountId: row.accountId,
  workspaceId: row.workspaceId,
  creatorUserId: row.creatorUserId,
  name: row.name,
  label: row.label,
  disabled: row.disabled,
  limitNanos: row.limitNanos,
  limitReset: row.limitReset,
  includeByokInLimit: row.includeByokInLimit,
  expiresAt: iso(row.expiresAt),
  createdAt: row.createdAt.toISOString(),
  updatedAt: iso(row.updatedAt),
  lastUsedAt: iso(row.lastUsedAt),
  externalUser: row.externalUser,
  version: row.version,
  cacheEnabled: row.cacheEnabled,
  cacheTtlSeconds: row.cacheTtlSeconds,
  storeResponses: row.storeResponses,
  budgets: terms.budgets
    .filter((budget) => countsAgainst(row, budget))
    .map(({ scopeId, kind, interval, capNanos }) => ({ scopeId, kind, interval, capNanos })),
  operator: terms.operator,
  ...routingOf(row, terms),
});

function routingOf(row: KeyRow, { policies }: KeyTerms): Pick<ApiKey, 'routing'> {
  const workspace = policies.get(row.workspaceId) ?? null;
  const key = policyOf(row.routing);
  return workspace || key ? { routing: { workspace, key } } : {};
}

/** What a key may do at this moment. Revoked is final, so it comes before what could still change. */
export function resolve(
  found: { readonly key: KeyRow; readonly terms: KeyTerms } | null,
  nowMs: number,
): ReplyOf<typeof ResolveKey> {
  if (!found) return { status: 'unknown' };
  const { key: row, terms } = found;
  if (row.revokedAt) return { status: 'revoked' };
  const key = toApiKey(row, terms);
  if (row.disabled) return { status: 'disabled', key };
  if (row.expiresAt && row.expiresAt.getTime() <= nowMs) return { status: 'expired', key };
  return { status: 'active', key };
}
