import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { KvBuckets, Request, Serves } from '@switchyard/bus';
import {
  CreateKey,
  FindKeyHash,
  GatewayError,
  GetKey,
  KEYS_BUCKET,
  ListKeys,
  ResolveKey,
  RevokeKey,
  TouchKeys,
  UpdateKey,
  digestApiKey,
  generateApiKey,
  labelOf,
} from '@switchyard/contracts';
import type { ApiKey, KeyKind, ReplyOf, RequestOf } from '@switchyard/contracts';

export const PEPPER = 'Zk7vQ2mX9tR4wB6nL1pD8sF3hJ5gC0aY';

/** Serves auth's contracts from memory: enough of the service for the edge's own specs. */
@Controller()
export class SmallAuth {
  private readonly keys = new Map<string, ApiKey>();
  private readonly revoked = new Set<string>();
  resolved = 0;
  touched: string[] = [];

  constructor(private readonly buckets: KvBuckets) {}

  /** Makes a key as the service would, and answers its secret. */
  add(fields: Partial<ApiKey> & { readonly kind?: KeyKind } = {}): { readonly secret: string; readonly key: ApiKey } {
    const secret = generateApiKey(fields.kind ?? 'inference');
    const digest = digestApiKey(secret, PEPPER);
    const key: ApiKey = {
      id: randomUUID(),
      digest,
      kind: 'inference',
      accountId: randomUUID(),
      workspaceId: randomUUID(),
      creatorUserId: null,
      name: 'test',
      label: labelOf(secret),
      disabled: false,
      limitNanos: null,
      limitReset: null,
      includeByokInLimit: false,
      expiresAt: null,
      createdAt: new Date().toISOString(),
      updatedAt: null,
      lastUsedAt: null,
      externalUser: null,
      version: 1,
      budgets: [],
      operator: false,
      ...fields,
    };
    this.keys.set(digest, key);
    return { secret, key };
  }

  @Serves(ResolveKey)
  resolve(@Request(ResolveKey) { digest }: RequestOf<typeof ResolveKey>): ReplyOf<typeof ResolveKey> {
    this.resolved += 1;
    if (this.revoked.has(digest)) return { status: 'revoked' };
    const key = this.keys.get(digest);
    if (!key) return { status: 'unknown' };
    if (key.disabled) return { status: 'disabled', key };
    const expired = key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now();
    return expired ? { status: 'expired', key } : { status: 'active', key };
  }

  @Serves(CreateKey)
  create(@Request(CreateKey) request: RequestOf<typeof CreateKey>): ReplyOf<typeof CreateKey> {
    const { routing, ...settings } = request;
    return this.add({ ...settings, ...(routing && { routing: { workspace: null, key: routing } }) });
  }

  @Serves(ListKeys)
  list(@Request(ListKeys) request: RequestOf<typeof ListKeys>): ReplyOf<typeof ListKeys> {
    const keys = [...this.keys.values()].filter(
      ({ accountId, kind, digest }) =>
        accountId === request.accountId && kind === request.kind && !this.revoked.has(digest),
    );
    return { keys: keys.slice(request.offset, request.offset + request.limit) };
  }

  @Serves(GetKey)
  get(@Request(GetKey) { accountId, digest }: RequestOf<typeof GetKey>): ReplyOf<typeof GetKey> {
    return { key: this.own(accountId, digest) };
  }

  @Serves(FindKeyHash)
  findHash(@Request(FindKeyHash) { accountId, keyId }: RequestOf<typeof FindKeyHash>): ReplyOf<typeof FindKeyHash> {
    const key = this.keys.values().find((known) => known.id === keyId && known.accountId === accountId);
    return { digest: key?.digest ?? null };
  }

  @Serves(UpdateKey)
  async update(@Request(UpdateKey) request: RequestOf<typeof UpdateKey>): Promise<ReplyOf<typeof UpdateKey>> {
    const key = this.own(request.accountId, request.digest);
    const { routing, ...changes } = request.changes;
    const changed: ApiKey = {
      ...key,
      ...changes,
      ...(routing !== undefined && { routing: { workspace: key.routing?.workspace ?? null, key: routing } }),
      version: key.version + 1,
      updatedAt: new Date().toISOString(),
    };
    this.keys.set(key.digest, changed);
    await this.push(changed);
    return { key: changed };
  }

  @Serves(RevokeKey)
  async revoke(@Request(RevokeKey) request: RequestOf<typeof RevokeKey>): Promise<ReplyOf<typeof RevokeKey>> {
    const key = this.own(request.accountId, request.digest);
    this.revoked.add(key.digest);
    await this.push(key);
    return { revoked: true };
  }

  @Serves(TouchKeys)
  touch(@Request(TouchKeys) { uses }: RequestOf<typeof TouchKeys>): ReplyOf<typeof TouchKeys> {
    this.touched.push(...uses.map(({ keyId }) => keyId));
    return {};
  }

  private own(accountId: string, digest: string): ApiKey {
    const key = this.keys.get(digest);
    if (key?.accountId !== accountId || this.revoked.has(digest)) throw new GatewayError('not_found');
    return key;
  }

  private async push({ digest, id, version }: ApiKey): Promise<void> {
    await this.buckets.put(KEYS_BUCKET, digest, JSON.stringify({ keyId: id, version: version + 1 }));
  }
}
