import type { Budget } from '@switchyard/contracts';
import { createHash } from 'node:crypto';
import type { KeyRow } from '../keys/key.entity.js';
import type { BudgetRow } from './budget.entity.js';

/** Whose budget it is: an owner of the contract after its workspace was found. */
export type Owner = Pick<BudgetRow, 'accountId' | 'kind' | 'workspaceId' | 'userId'>;

/** The scope under which the ledger counts for an owner: always the same one, so deleting a budget forgives nothing. */
export function scopeIdOf({ accountId, kind, workspaceId, userId }: Owner): string {
  if (kind === 'account') return accountId;
  if (kind === 'workspace' && workspaceId !== null) return workspaceId;
  return uuidOf(`user ${accountId} ${userId}`);
}

/** Whether a key spends under a budget. */
export function countsAgainst(key: KeyRow, budget: Owner): boolean {
  if (key.accountId !== budget.accountId || key.kind !== 'inference') return false;
  if (budget.kind === 'account') return true;
  return budget.kind === 'workspace'
    ? budget.workspaceId === key.workspaceId
    : budget.userId !== null && budget.userId === key.creatorUserId;
}

export const toBudget = (row: BudgetRow): Budget => ({
  id: row.id,
  kind: row.kind,
  workspaceId: row.workspaceId,
  userId: row.userId,
  scopeId: row.scopeId,
  interval: row.interval,
  capNanos: row.capNanos,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** A uuid of version 8 (RFC 9562: free form) from a text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
