import { Injectable } from '@nestjs/common';
import { query, transaction } from '@switchyard/database';
import { randomUUID } from 'node:crypto';
import { DataSource, IsNull, Not } from 'typeorm';
import { KeyEntity, type KeyRow } from '../keys/key.entity.js';
import { changeKey, insertKey } from '../keys/keys.repository.js';
import { AccountEntity } from './account.entity.js';
import { DEFAULT_SLUG, WorkspaceEntity } from '../workspaces/workspace.entity.js';

/** Name of the management key that comes with a new account. */
export const FIRST_KEY_NAME = 'First management key';

export interface NewAccount {
  readonly accountId: string;
  readonly name: string;
  /** Makes the first key once the workspace is known. */
  readonly firstKey: (workspaceId: string) => KeyRow;
}

export type OpenedAccount = { readonly name: string; readonly workspaceId: string };

@Injectable()
export class AccountsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await query(this.dataSource, { idempotent: false }, 'SELECT 1');
  }

  /** Null when there is no such account. */
  defaultWorkspaceOf(accountId: string): Promise<string | null> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      const workspace = await manager.findOneBy(WorkspaceEntity, { accountId, isDefault: true });
      return workspace?.id ?? null;
    });
  }

  /**
   * Stores an account with its default workspace and its first key. Called again for the same account (the reply of the first
   * call was lost), it revokes the first key that nobody has used, because nobody can know its secret, and stores the new one.
   */
  open({ accountId, name, firstKey }: NewAccount): Promise<OpenedAccount> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      const insert = <Row extends object>(entity: new () => Row, row: Row) =>
        manager.createQueryBuilder().insert().into(entity).values(row).orIgnore().execute();
      const createdAt = new Date();
      // One account at a time, because the first one becomes the operator and there is only one first.
      await manager.query('LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE');
      const operator = !(await manager.exists(AccountEntity));
      await insert(AccountEntity, { id: accountId, name, operator, createdAt });
      await insert(WorkspaceEntity, {
        id: randomUUID(),
        accountId,
        name: 'Default',
        slug: DEFAULT_SLUG,
        isDefault: true,
        includeByokInBudgets: false,
        createdAt,
        updatedAt: null,
        routing: null,
      });
      const account = await manager.findOneByOrFail(AccountEntity, { id: accountId });
      const workspace = await manager.findOneByOrFail(WorkspaceEntity, { accountId, isDefault: true });
      // Another name is another account: nothing is changed, and the caller says so.
      if (account.name !== name) return { name: account.name, workspaceId: workspace.id };
      const key = firstKey(workspace.id);
      const lost = await manager.find(KeyEntity, {
        where: { accountId, name: FIRST_KEY_NAME, lastUsedAt: IsNull(), revokedAt: IsNull(), id: Not(key.id) },
        lock: { mode: 'pessimistic_write' },
      });
      for (const old of lost) await changeKey(manager, old, { revokedAt: createdAt });
      await insertKey(manager, key);
      return { name, workspaceId: workspace.id };
    });
  }
}
