import { Inject, Injectable } from '@nestjs/common';
import {
  digestApiKey,
  digestsEqual,
  generateApiKey,
  GatewayError,
  labelOf,
  type ApiKey,
  type CreateKey,
  type FindKeyHash,
  type KeyKind,
  type ListKeys,
  type ReplyOf,
  type RequestOf,
  type ResolveKey,
  type TouchKeys,
  type UpdateKey,
} from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { KeyChangeRelay } from '../changes/key-change-relay.js';
import { resolve, toApiKey } from './api-key.js';
import type { KeyRow } from './key.entity.js';
import { KeysRepository, type OwnKey } from './keys.repository.js';
import { KEY_PEPPER } from './pepper.js';

@Injectable()
export class KeysService {
  constructor(
    private readonly keys: KeysRepository,
    private readonly accounts: AccountsRepository,
    private readonly relay: KeyChangeRelay,
    @Inject(KEY_PEPPER) private readonly pepper: string,
  ) {}

  async resolve({ digest }: RequestOf<typeof ResolveKey>): Promise<ReplyOf<typeof ResolveKey>> {
    const found = await this.keys.findByDigest(digest);
    // The index compared it already; this does not tell by its time how much of a guess was right.
    return resolve(found && digestsEqual(found.key.digest, digest) ? found : null, Date.now());
  }

  async create({
    accountId,
    kind,
    expiresAt,
    ...settings
  }: RequestOf<typeof CreateKey>): Promise<ReplyOf<typeof CreateKey>> {
    const expires = expiresAt === null ? null : new Date(expiresAt);
    if (expires && expires.getTime() <= Date.now())
      throw new GatewayError('invalid_request', { message: 'expires_at must be in the future.' });
    const workspaceId = await this.accounts.defaultWorkspaceOf(accountId);
    if (!workspaceId) throw new GatewayError('not_found', { message: 'The account does not exist.' });
    const { key, secret } = this.make({ kind, accountId, workspaceId });
    Object.assign(key, settings, { expiresAt: expires });
    await this.keys.insert(key);
    return { key: await this.shown(key), secret };
  }

  /** A new key with its secret, not yet stored. */
  make({ kind, accountId, workspaceId }: { kind: KeyKind; accountId: string; workspaceId: string }): {
    key: KeyRow;
    secret: string;
  } {
    const secret = generateApiKey(kind);
    const key: KeyRow = {
      id: randomUUID(),
      digest: digestApiKey(secret, this.pepper),
      kind,
      accountId,
      workspaceId,
      creatorUserId: null,
      name: 'Unnamed key',
      label: labelOf(secret),
      disabled: false,
      limitNanos: null,
      limitReset: null,
      includeByokInLimit: false,
      externalUser: null,
      expiresAt: null,
      createdAt: new Date(),
      updatedAt: null,
      lastUsedAt: null,
      revokedAt: null,
      cacheEnabled: null,
      cacheTtlSeconds: null,
      storeResponses: false,
      version: 0,
      routing: null,
    };
    return { key, secret };
  }

  async list(request: RequestOf<typeof ListKeys>): Promise<ReplyOf<typeof ListKeys>> {
    const keys = await this.keys.list(request);
    const terms = await this.keys.terms(keys);
    return { keys: keys.map((key) => toApiKey(key, terms)) };
  }

  async get(own: OwnKey) {
    return { key: await this.shown(found(await this.keys.findOwn(own))) };
  }

  async findHash({ accountId, keyId }: RequestOf<typeof FindKeyHash>): Promise<ReplyOf<typeof FindKeyHash>> {
    return { digest: await this.keys.digestOf(accountId, keyId) };
  }

  async update({ changes, ...own }: RequestOf<typeof UpdateKey>): Promise<ReplyOf<typeof UpdateKey>> {
    if (Object.keys(changes).length === 0) return this.get(own);
    const key = found(await this.keys.update(own, changes));
    this.relay.wake();
    return { key: await this.shown(key) };
  }

  async revoke(own: OwnKey): Promise<{ revoked: boolean }> {
    found(await this.keys.revoke(own));
    this.relay.wake();
    return { revoked: true };
  }

  async touch({ uses }: RequestOf<typeof TouchKeys>): Promise<ReplyOf<typeof TouchKeys>> {
    if (uses.length > 0) await this.keys.touch(uses);
    return {};
  }

  private async shown(key: KeyRow): Promise<ApiKey> {
    return toApiKey(key, await this.keys.terms([key]));
  }
}

/** Another account's key is not told apart from one that does not exist. */
function found(key: KeyRow | null): KeyRow {
  if (!key) throw new GatewayError('not_found', { message: 'The API key does not exist.' });
  return key;
}
