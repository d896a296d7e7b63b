import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  CreateKey,
  GatewayError,
  GetBalance,
  GetBudgetSpend,
  GetFreeQuota,
  GetKey,
  GetKeySpend,
  KeyDigest,
  ListKeys,
  RevokeKey,
  UpdateKey,
} from '@switchyard/contracts';
import type { ApiKey, ReplyOf } from '@switchyard/contracts';
import type { z } from 'zod';
import type { Caller } from '../callers/caller.js';
import type { CreateKeyBody, ListKeysQuery, UpdateKeyBody } from './key-bodies.js';
import { scopesOf } from './budget-view.js';
import { keepingOf, keepsSomething } from './key-keeping.js';
import { NOTHING_SPENT } from './key-view.js';
import type { KeySpend, KeyUsage } from './key-view.js';
import { VaultService } from '../vault/vault.service.js';

export interface KeyWithSpend {
  readonly key: ApiKey;
  readonly spend: KeySpend;
}

/** Keys and money of the caller's account. The account is always the caller's: no id in a request names another. */
@Injectable()
export class AccountService {
  constructor(
    private readonly rpc: RpcClient,
    private readonly vault: VaultService,
  ) {}

  async spendOf(key: ApiKey): Promise<KeySpend> {
    const { spend } = await this.rpc.call(GetKeySpend, { keyIds: [key.id] });
    return spend[0] ?? NOTHING_SPENT;
  }

  /** All that `GET /key` shows, asked at once. */
  async usageOf(key: ApiKey): Promise<KeyUsage> {
    const [spend, quota, { spend: budgets }] = await Promise.all([
      this.spendOf(key),
      this.rpc.call(GetFreeQuota, { accountId: key.accountId }),
      this.rpc.call(GetBudgetSpend, { budgets: scopesOf(key) }),
    ]);
    return { spend, quota, budgets };
  }

  balance({ key }: Caller): Promise<ReplyOf<typeof GetBalance>> {
    return this.rpc.call(GetBalance, { accountId: key.accountId });
  }

  async keys({ key }: Caller, query: z.output<typeof ListKeysQuery>): Promise<KeyWithSpend[]> {
    const { accountId } = key;
    const { offset, include_disabled: includeDisabled } = query;
    const { keys } = await this.rpc.call(ListKeys, {
      accountId,
      kind: 'inference',
      includeDisabled,
      offset,
      limit: 100,
    });
    if (keys.length === 0) return [];
    const { spend } = await this.rpc.call(GetKeySpend, { keyIds: keys.map(({ id }) => id) });
    const byKey = new Map(spend.map((entry) => [entry.keyId, entry]));
    return keys.map((listed) => ({ key: listed, spend: byKey.get(listed.id) ?? NOTHING_SPENT }));
  }

  /** @throws GatewayError `storage_not_configured` where nothing can be kept */
  async createKey({ key }: Caller, body: z.output<typeof CreateKeyBody>): Promise<ReplyOf<typeof CreateKey>> {
    const keeping = keepingOf(body);
    if (keepsSomething(keeping)) this.vault.assertConfigured();
    return this.rpc.call(CreateKey, {
      accountId: key.accountId,
      kind: 'inference',
      name: body.name,
      limitNanos: body.limit ?? null,
      limitReset: body.limit_reset ?? null,
      includeByokInLimit: body.include_byok_in_limit ?? false,
      expiresAt: body.expires_at ?? null,
      creatorUserId: body.creator_user_id ?? null,
      externalUser: body.external_user ?? null,
      routing: body.routing ?? null,
      ...keeping,
    });
  }

  async key(caller: Caller, hash: string): Promise<KeyWithSpend> {
    const { key } = await this.rpc.call(GetKey, { accountId: caller.key.accountId, digest: digestOf(hash) });
    return { key, spend: await this.spendOf(key) };
  }

  /** @throws GatewayError `storage_not_configured` where nothing can be kept; `not_found` */
  async updateKey(caller: Caller, hash: string, body: z.output<typeof UpdateKeyBody>): Promise<KeyWithSpend> {
    const keeping = keepingOf(body);
    if (keepsSomething(keeping)) this.vault.assertConfigured();
    const changes = {
      ...keeping,
      ...(body.name !== undefined && { name: body.name }),
      ...(body.disabled !== undefined && { disabled: body.disabled }),
      ...(body.limit !== undefined && { limitNanos: body.limit }),
      ...(body.limit_reset !== undefined && { limitReset: body.limit_reset }),
      ...(body.include_byok_in_limit !== undefined && { includeByokInLimit: body.include_byok_in_limit }),
      ...(body.routing !== undefined && { routing: body.routing }),
    };
    const { accountId } = caller.key;
    const { key } = await this.rpc.call(UpdateKey, { accountId, digest: digestOf(hash), changes });
    return { key, spend: await this.spendOf(key) };
  }

  async revokeKey({ key }: Caller, hash: string): Promise<void> {
    const { revoked } = await this.rpc.call(RevokeKey, { accountId: key.accountId, digest: digestOf(hash) });
    if (!revoked) throw noSuchKey();
  }
}

/** What is not a hash cannot be the hash of a key. */
function digestOf(hash: string): string {
  const digest = KeyDigest.safeParse(hash);
  if (!digest.success) throw noSuchKey();
  return digest.data;
}

const noSuchKey = (): GatewayError => new GatewayError('not_found', { message: 'Key not found.' });
