import type { ApiKey, ReplyOf, ResolveKey } from '@switchyard/contracts';
import type { KeyRow } from './key.entity.js';

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

/** A stored key in the form of the contract. */
export const toApiKey = (row: KeyRow): ApiKey => ({
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
  budgets: [],
  operator: false,
});

/** What a key may do at this moment. Revoked is final, so it comes before what could still change. */
export function resolve(row: KeyRow | null, nowMs: number): ReplyOf<typeof ResolveKey> {
  if (!row) return { status: 'unknown' };
  if (row.revokedAt) return { status: 'revoked' };
  const key = toApiKey(row);
  if (row.disabled) return { status: 'disabled', key };
  if (row.expiresAt && row.expiresAt.getTime() <= nowMs) return { status: 'expired', key };
  return { status: 'active', key };
}
