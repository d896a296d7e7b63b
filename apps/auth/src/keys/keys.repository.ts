import { Injectable } from '@nestjs/common';
import type { KeyKind } from '@switchyard/contracts';
import { query, transaction } from '@switchyard/database';
import { DataSource, In, IsNull, Not, type EntityManager, type EntityMetadata } from 'typeorm';
import { AccountEntity } from '../accounts/account.entity.js';
import { budgetsOfKeys } from '../budgets/budgets.repository.js';
import { KeyChangeEntity } from '../changes/key-change.entity.js';
import { WorkspaceEntity } from '../workspaces/workspace.entity.js';
import type { KeyBudget, KeyTerms } from './api-key.js';
import { KeyEntity, type KeyRow } from './key.entity.js';
import { policyOf, type RoutingColumn } from './routing-column.js';

/** A key of one account: the account comes from the caller's own key, and is part of every query but `findByDigest`. */
export interface OwnKey {
  readonly accountId: string;
  readonly digest: string;
}

export interface KeyPage {
  readonly accountId: string;
  readonly kind: KeyKind;
  readonly includeDisabled: boolean;
  readonly includeRevoked: boolean;
  readonly offset: number;
  readonly limit: number;
}

export type KeyChanges = Partial<
  Pick<
    KeyEntity,
    | 'name'
    | 'disabled'
    | 'limitNanos'
    | 'limitReset'
    | 'includeByokInLimit'
    | 'cacheEnabled'
    | 'cacheTtlSeconds'
    | 'storeResponses'
    | 'routing'
  >
>;

@Injectable()
export class KeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Of any account, and also revoked: for resolving the credential itself. One statement, because an edge asks for every key that it
   * does not know, or not well enough any more; null for an unknown one.
   */
  async findByDigest(digest: string): Promise<{ key: KeyRow; terms: KeyTerms } | null> {
    const [found] = await query<ResolvedKey>(this.dataSource, { idempotent: true }, RESOLVE_KEY, [digest]);
    if (!found) return null;
    const key = rowOf<KeyRow>(this.dataSource.getMetadata(KeyEntity), found);
    const policy = policyOf(found.workspace_routing);
    const budgets = found.budgets.map((budget) => ({ ...budget, capNanos: BigInt(budget.capNanos) }));
    const policies = new Map(policy ? [[key.workspaceId, policy]] : []);
    return { key, terms: { budgets, policies, operator: found.operator ?? false } };
  }

  /** The terms of keys of one account. */
  terms(keys: readonly KeyRow[]): Promise<KeyTerms> {
    return this.read((manager) => termsOf(manager, keys));
  }

  /** Null for another account's and for revoked keys. */
  findOwn({ accountId, digest }: OwnKey): Promise<KeyEntity | null> {
    return this.read((manager) => manager.findOneBy(KeyEntity, { accountId, digest, revokedAt: IsNull() }));
  }

  /** Of a key of the account, also a revoked one; null when it has no such key. */
  async digestOf(accountId: string, id: string): Promise<string | null> {
    const key = await this.read((manager) => manager.findOneBy(KeyEntity, { accountId, id }));
    return key?.digest ?? null;
  }

  /** Newest first. */
  list({ accountId, kind, includeDisabled, includeRevoked, offset, limit }: KeyPage): Promise<KeyEntity[]> {
    return this.read((manager) =>
      manager.find(KeyEntity, {
        where: {
          accountId,
          kind,
          ...(includeRevoked ? {} : { revokedAt: IsNull() }),
          ...(includeDisabled ? {} : { disabled: false }),
        },
        order: { createdAt: 'DESC', id: 'ASC' },
        skip: offset,
        take: limit,
      }),
    );
  }

  /** Storing the same key again changes nothing. */
  async insert(key: KeyRow): Promise<void> {
    await transaction(this.dataSource, { idempotent: true }, (manager) => insertKey(manager, key));
  }

  /** The key after the changes; null when the account has no such key. */
  update(own: OwnKey, changes: KeyChanges): Promise<KeyRow | null> {
    return this.change(own, changes, (key) => key.revokedAt === null);
  }

  /** The key after it was revoked, now or before; null when the account has no such key. */
  revoke(own: OwnKey): Promise<KeyRow | null> {
    return this.change(own, { revokedAt: new Date() }, () => true);
  }

  /** Notes uses at minute grain, never backwards and never in the future. Unknown keys are left out. */
  async touch(uses: readonly { readonly keyId: string; readonly usedAt: string }[]): Promise<void> {
    await query(
      this.dataSource,
      { idempotent: true },
      `UPDATE api_key AS key SET last_used_at = seen.at
         FROM (SELECT id, date_trunc('minute', least(max(used_at), now())) AS at
                 FROM unnest($1::uuid[], $2::timestamptz[]) AS use (id, used_at) GROUP BY id) AS seen
        WHERE key.id = seen.id AND (key.last_used_at IS NULL OR key.last_used_at < seen.at)`,
      [uses.map((use) => use.keyId), uses.map((use) => use.usedAt)],
    );
  }

  private change(
    { accountId, digest }: OwnKey,
    changes: Partial<KeyRow>,
    applies: (key: KeyRow) => boolean,
  ): Promise<KeyRow | null> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      const key = await manager.findOne(KeyEntity, {
        where: { accountId, digest },
        lock: { mode: 'pessimistic_write' },
      });
      if (!key || !applies(key)) return null;
      if (key.revokedAt) return key;
      return changeKey(manager, key, changes);
    });
  }

  private read<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return transaction(this.dataSource, { idempotent: true }, work);
  }
}

/** The columns of a key, and what it has from its account. */
interface ResolvedKey extends Record<string, unknown> {
  readonly operator: boolean | null;
  readonly workspace_routing: RoutingColumn | null;
  readonly budgets: readonly (Omit<KeyBudget, 'capNanos'> & { readonly capNanos: string })[];
}

const RESOLVE_KEY = `
SELECT key.*, account.operator, workspace.routing AS workspace_routing, (
  SELECT coalesce(json_agg(json_build_object(
    'accountId', account_id, 'kind', kind, 'workspaceId', workspace_id, 'userId', user_id,
    'scopeId', scope_id, 'interval', period, 'capNanos', cap_nanos::text)), '[]')
  FROM budget
  WHERE account_id = key.account_id
    AND (kind = 'account' OR workspace_id = key.workspace_id OR user_id = key.creator_user_id)) AS budgets
FROM api_key AS key
LEFT JOIN account ON account.id = key.account_id
LEFT JOIN workspace ON workspace.id = key.workspace_id AND workspace.account_id = key.account_id
WHERE key.digest = $1`;

/** A row of plain SQL as TypeORM would have read it. */
const rowOf = <Row>({ columns }: EntityMetadata, raw: Readonly<Record<string, unknown>>): Row =>
  Object.fromEntries(
    columns.map(({ propertyName, databaseName, transformer }) => {
      const value = raw[databaseName];
      const through = transformer === undefined ? [] : [transformer].flat();
      return [propertyName, through.reduce<unknown>((read, one) => one.from(read), value)];
    }),
  ) as Row;

async function termsOf(manager: EntityManager, keys: readonly KeyRow[]): Promise<KeyTerms> {
  const [first] = keys;
  if (!first) return { budgets: [], policies: new Map(), operator: false };
  const operator = await manager.existsBy(AccountEntity, { id: first.accountId, operator: true });
  const settled = await manager.findBy(WorkspaceEntity, {
    accountId: first.accountId,
    id: In([...new Set(keys.map(({ workspaceId }) => workspaceId))]),
    routing: Not(IsNull()),
  });
  const policies = new Map(
    settled.flatMap(({ id, routing }) => {
      const policy = policyOf(routing);
      return policy ? [[id, policy] as const] : [];
    }),
  );
  return { budgets: await budgetsOfKeys(manager, keys), policies, operator };
}

export async function insertKey(manager: EntityManager, key: KeyRow): Promise<void> {
  await manager.createQueryBuilder().insert().into(KeyEntity).values(key).orIgnore().execute();
}

/** Changes a locked key and announces it in the same transaction, so that no change is ever lost on the way to the edges. */
export async function changeKey(manager: EntityManager, key: KeyRow, changes: Partial<KeyRow>): Promise<KeyRow> {
  const changed: KeyRow = { ...key, ...changes, version: key.version + 1, updatedAt: new Date() };
  await manager.update(
    KeyEntity,
    { id: key.id, accountId: key.accountId },
    { ...changes, version: changed.version, updatedAt: changed.updatedAt },
  );
  await manager.insert(KeyChangeEntity, { digest: key.digest, keyId: key.id, version: changed.version });
  return changed;
}
