import { Injectable } from '@nestjs/common';
import { GatewayError, MAX_BUDGETS_OF_ACCOUNT, type BudgetInterval } from '@switchyard/contracts';
import { query, transaction } from '@switchyard/database';
import { randomUUID } from 'node:crypto';
import { DataSource, In, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { AccountEntity } from '../accounts/account.entity.js';
import type { KeyRow } from '../keys/key.entity.js';
import { WorkspaceEntity } from '../workspaces/workspace.entity.js';
import { BudgetEntity, type BudgetRow } from './budget.entity.js';
import { scopeIdOf, type Owner } from './budget-owner.js';
import { assertOrdered } from './cap-order.js';

export interface NewBudget {
  readonly owner: Owner;
  readonly interval: BudgetInterval;
  readonly capNanos: bigint;
  readonly includeByok: boolean | undefined;
}

@Injectable()
export class BudgetsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws GatewayError `invalid_request` for a cap that does not go with the owner's others, as {@link set} does */
  async judge(owner: Owner, cap: Pick<BudgetRow, 'interval' | 'capNanos'>): Promise<void> {
    const [others] = await this.list(owner, { offset: 0, limit: 4 });
    assertOrdered(cap, others);
  }

  /** Every key that ever counted against budgets of the owner, revoked ones as well; those that were used last, if there are more. */
  async keysOf({ accountId, workspaceId, userId }: Owner, limit: number): Promise<string[]> {
    const found = await query<{ id: string }>(
      this.dataSource,
      { idempotent: true },
      `SELECT id FROM api_key WHERE account_id = $1 AND kind = 'inference'
         AND ($2::uuid IS NULL OR workspace_id = $2) AND ($3::text IS NULL OR creator_user_id = $3)
       ORDER BY last_used_at DESC NULLS LAST LIMIT $4`,
      [accountId, workspaceId, userId, limit],
    );
    return found.map(({ id }) => id);
  }

  /** Sets or changes a budget and announces every key concerned, in one transaction. */
  set({ owner, interval, capNanos, includeByok }: NewBudget): Promise<BudgetRow> {
    return this.alone(owner.accountId, async (manager) => {
      const scopeId = scopeIdOf(owner);
      const others: BudgetRow[] = await manager.findBy(BudgetEntity, { accountId: owner.accountId, scopeId });
      assertOrdered({ interval, capNanos }, others);
      const known = others.find((other) => other.interval === interval);
      if (!known) await assertRoom(manager, owner.accountId);
      const now = new Date();
      const row: BudgetRow = known
        ? { ...known, capNanos, updatedAt: now }
        : { id: randomUUID(), ...owner, scopeId, interval, capNanos, createdAt: now, updatedAt: now };
      await manager.save(BudgetEntity, row);
      if (includeByok !== undefined && owner.workspaceId !== null)
        await manager.update(
          WorkspaceEntity,
          { id: owner.workspaceId },
          { includeByokInBudgets: includeByok, updatedAt: now },
        );
      if (known?.capNanos !== capNanos) await announce(manager, owner);
      return row;
    });
  }

  /** False when there was none. */
  delete(owner: Owner, interval: BudgetInterval): Promise<boolean> {
    return this.alone(owner.accountId, async (manager) => {
      const where = { accountId: owner.accountId, scopeId: scopeIdOf(owner), interval };
      const { affected } = await manager.delete(BudgetEntity, where);
      if (!affected) return false;
      await announce(manager, owner);
      return true;
    });
  }

  /** Of one owner, or of the whole account. */
  list(
    of: Owner | Pick<Owner, 'accountId'>,
    { offset, limit }: { offset: number; limit: number },
  ): Promise<[BudgetRow[], number]> {
    const where = { accountId: of.accountId, ...('kind' in of && { scopeId: scopeIdOf(of) }) };
    return transaction(this.dataSource, { idempotent: true }, (manager) =>
      manager.findAndCount(BudgetEntity, {
        where,
        order: { kind: 'ASC', scopeId: 'ASC', capNanos: 'ASC' },
        skip: offset,
        take: limit,
      }),
    );
  }

  /** Changes of an account's budgets come one after the other: what is checked against the others must still hold at the commit. */
  private alone<Result>(accountId: string, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      const account = await manager.findOne(AccountEntity, {
        where: { id: accountId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!account) throw new GatewayError('not_found', { message: 'The account does not exist.' });
      return work(manager);
    });
  }
}

/** Every budget that one of these keys of one account counts against. */
export async function budgetsOfKeys(manager: EntityManager, keys: readonly KeyRow[]): Promise<BudgetRow[]> {
  const inferring = keys.filter(({ kind }) => kind === 'inference');
  const [first] = inferring;
  if (!first) return [];
  const { accountId } = first;
  const users = [...new Set(inferring.flatMap(({ creatorUserId }) => creatorUserId ?? []))];
  const where: FindOptionsWhere<BudgetEntity>[] = [
    { accountId, kind: 'account' },
    { accountId, workspaceId: In([...new Set(inferring.map(({ workspaceId }) => workspaceId))]) },
  ];
  if (users.length > 0) where.push({ accountId, userId: In(users) });
  return manager.findBy(BudgetEntity, where);
}

async function assertRoom(manager: EntityManager, accountId: string): Promise<void> {
  if ((await manager.countBy(BudgetEntity, { accountId })) < MAX_BUDGETS_OF_ACCOUNT) return;
  throw new GatewayError('conflict', { message: `An account may have at most ${MAX_BUDGETS_OF_ACCOUNT} budgets.` });
}

/** A new version of every key concerned: edges drop what they had cached, and bind the next lease to the caps that hold now. */
export async function announce(
  manager: EntityManager,
  { accountId, workspaceId, userId }: Pick<Owner, 'accountId' | 'workspaceId' | 'userId'>,
): Promise<void> {
  await manager.query(
    `WITH changed AS (
       UPDATE api_key SET version = version + 1
        WHERE account_id = $1 AND kind = 'inference' AND revoked_at IS NULL
          AND ($2::uuid IS NULL OR workspace_id = $2) AND ($3::text IS NULL OR creator_user_id = $3)
        RETURNING id, digest, version)
     INSERT INTO key_change (digest, key_id, version) SELECT digest, id, version FROM changed`,
    [accountId, workspaceId, userId],
  );
}
