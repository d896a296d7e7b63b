import {
  CreateAccount,
  CreateKey,
  digestApiKey,
  FindKeyHash,
  GetKey,
  KEYS_BUCKET,
  ListKeys,
  parseApiKey,
  ResolveKey,
  RevokeKey,
  TouchKeys,
  UpdateKey,
  UpdateWorkspace,
  type ApiKey,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LedgerDouble, startAuth, type AuthHarness } from './testing/auth-harness.js';

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 30);

describe('the auth service', () => {
  let auth: AuthHarness;
  let sql: pg.Client;
  let accountId: string;
  let otherAccountId: string;

  const call: AuthHarness['bus']['rpc']['call'] = (contract, request, options) =>
    auth.bus.rpc.call(contract, request, options);
  const createKey = (settings: { name?: string; accountId?: string; expiresAt?: string; limitNanos?: bigint } = {}) =>
    call(CreateKey, { name: 'A key', accountId, ...settings });
  const statusOf = async (key: ApiKey) => (await call(ResolveKey, { digest: key.digest })).status;
  const kvVersion = async (key: ApiKey) => {
    const entry = await auth.bus.kv.get(KEYS_BUCKET, key.digest);
    return entry && (JSON.parse(Buffer.from(entry.value).toString()) as { version: number }).version;
  };

  beforeAll(async () => {
    auth = await startAuth();
    sql = new pg.Client({ connectionString: auth.ownerUrl });
    await sql.connect();
    await sql.query('SET search_path = auth');
    accountId = (await call(CreateAccount, { name: 'One' })).accountId;
    otherAccountId = (await call(CreateAccount, { name: 'Two' })).accountId;
  }, 60_000);

  afterAll(async () => {
    await sql?.end();
    await auth?.stop();
  }, 30_000);

  describe('what requests are routed under', () => {
    const policy = (fields: object) => ({
      defaultModel: null,
      allowedModels: null,
      ignoredModels: [],
      provider: {},
      ...fields,
    });

    it('is kept with a key and comes with it', async () => {
      const { key } = await call(CreateKey, {
        accountId,
        name: 'Routed',
        routing: policy({ provider: { zdr: true } }),
      });
      expect(key.routing).toEqual({ workspace: null, key: policy({ provider: { zdr: true } }) });
      await call(UpdateKey, {
        accountId,
        digest: key.digest,
        changes: { routing: policy({ allowedModels: ['acme/*'] }) },
      });
      await expect(call(ResolveKey, { digest: key.digest })).resolves.toMatchObject({
        key: { routing: { workspace: null, key: policy({ allowedModels: ['acme/*'] }) } },
      });
      await call(UpdateKey, { accountId, digest: key.digest, changes: { name: 'Renamed' } });
      const cleared = await call(UpdateKey, { accountId, digest: key.digest, changes: { routing: null } });
      expect([cleared.key.name, cleared.key.routing]).toEqual(['Renamed', undefined]);
    });

    it('is kept with a workspace, comes with all its keys, and edges are told of each', async () => {
      const owner = await call(CreateAccount, { name: 'Routed account' });
      const { key } = await call(CreateKey, { accountId: owner.accountId, name: 'Under it' });
      const settled = policy({ defaultModel: 'acme/large', provider: { only: ['acme'] } });
      const { workspace } = await call(UpdateWorkspace, {
        accountId: owner.accountId,
        workspace: 'default',
        changes: { routing: settled },
      });
      expect(workspace).toMatchObject({ id: owner.workspaceId, routing: settled });
      const resolved = await call(ResolveKey, { digest: key.digest });
      expect(resolved).toMatchObject({ key: { version: 1, routing: { workspace: settled, key: null } } });
      await waitUntil(async () => (await kvVersion(key)) === 1, { what: 'the change of the key to be told' });
      await expect(
        call(UpdateWorkspace, { accountId: otherAccountId, workspace: owner.workspaceId, changes: {} }),
      ).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  describe('accounts', () => {
    it('have a ledger account, a default workspace and a management key that resolves', async () => {
      const made = await call(CreateAccount, { name: 'Three' });
      expect(LedgerDouble.opened).toContain(made.accountId);
      expect(parseApiKey(made.managementKey)).toEqual({ kind: 'management' });
      await expect(call(ResolveKey, { digest: digestApiKey(made.managementKey, auth.pepper) })).resolves.toMatchObject({
        status: 'active',
        key: { kind: 'management', accountId: made.accountId, workspaceId: made.workspaceId },
      });
    });

    it('are not made when the ledger cannot open its account', async () => {
      LedgerDouble.failing = true;
      const wanted = randomUUID();
      try {
        await expect(call(CreateAccount, { name: 'Poor', accountId: wanted })).rejects.toMatchObject({
          code: 'service_unavailable',
        });
      } finally {
        LedgerDouble.failing = false;
      }
      await expect(sql.query('SELECT 1 FROM account WHERE id = $1', [wanted])).resolves.toMatchObject({ rowCount: 0 });
      await expect(call(CreateAccount, { name: 'Poor', accountId: wanted })).resolves.toMatchObject({
        accountId: wanted,
      });
    });

    it('are the same account when the call is repeated, and the key of the lost answer is dead', async () => {
      const id = randomUUID();
      const lost = await call(CreateAccount, { name: 'Again', accountId: id });
      const again = await call(CreateAccount, { name: 'Again', accountId: id });
      expect(again).toMatchObject({ accountId: lost.accountId, workspaceId: lost.workspaceId });
      const digest = (secret: string) => digestApiKey(secret, auth.pepper);
      await expect(call(ResolveKey, { digest: digest(lost.managementKey) })).resolves.toEqual({ status: 'revoked' });
      await expect(call(ResolveKey, { digest: digest(again.managementKey) })).resolves.toMatchObject({
        status: 'active',
      });
      await expect(call(CreateAccount, { name: 'Another', accountId: id })).rejects.toMatchObject({ code: 'conflict' });
    });
  });

  describe('keys', () => {
    it('show their secret once and store only its digest', async () => {
      const { key, secret } = await createKey({ limitNanos: 9_999_999_999_999_999_999n });
      expect(parseApiKey(secret)).toEqual({ kind: 'inference' });
      expect(key).toMatchObject({ digest: digestApiKey(secret, auth.pepper), limitNanos: 9_999_999_999_999_999_999n });
      const { rows } = await sql.query<{ row: string }>('SELECT api_key::text AS row FROM api_key');
      expect(rows.some(({ row }) => row.includes(key.digest))).toBe(true);
      expect(rows.some(({ row }) => row.includes(secret.slice(12, 40)))).toBe(false);
      await expect(call(ResolveKey, { digest: key.digest })).resolves.toEqual({ status: 'active', key });
    });

    it('resolve to five different answers', async () => {
      const [active, disabled, revoked, expired] = await Promise.all([
        createKey(),
        createKey(),
        createKey(),
        createKey({ expiresAt: new Date(Date.now() + 700).toISOString() }),
      ]);
      await call(UpdateKey, { accountId, digest: disabled.key.digest, changes: { disabled: true } });
      await call(RevokeKey, { accountId, digest: revoked.key.digest });
      await sleep(800);
      await expect(statusOf(active.key)).resolves.toBe('active');
      await expect(statusOf(disabled.key)).resolves.toBe('disabled');
      await expect(statusOf(expired.key)).resolves.toBe('expired');
      await expect(statusOf(revoked.key)).resolves.toBe('revoked');
      await expect(call(ResolveKey, { digest: 'f'.repeat(64) })).resolves.toEqual({ status: 'unknown' });
    });

    it('cannot be made for an unknown account, or already expired', async () => {
      await expect(createKey({ accountId: randomUUID() })).rejects.toMatchObject({ code: 'not_found' });
      await expect(createKey({ expiresAt: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it('list newest first, by page, without disabled and revoked ones unless asked', async () => {
      const { accountId: owner } = await call(CreateAccount, { name: 'Lists' });
      const made: ApiKey[] = [];
      for (const name of ['a', 'b', 'c', 'd']) made.push((await call(CreateKey, { accountId: owner, name })).key);
      await call(UpdateKey, { accountId: owner, digest: made[1]!.digest, changes: { disabled: true } });
      await call(RevokeKey, { accountId: owner, digest: made[2]!.digest });
      const names = async (page: {
        includeDisabled?: boolean;
        includeRevoked?: boolean;
        offset?: number;
        limit?: number;
        kind?: 'management';
      }) => (await call(ListKeys, { accountId: owner, ...page })).keys.map((key) => key.name);
      await expect(names({})).resolves.toEqual(['d', 'a']);
      await expect(names({ includeDisabled: true })).resolves.toEqual(['d', 'b', 'a']);
      await expect(names({ includeDisabled: true, includeRevoked: true })).resolves.toEqual(['d', 'c', 'b', 'a']);
      await expect(names({ includeDisabled: true, offset: 1, limit: 1 })).resolves.toEqual(['b']);
      await expect(names({ kind: 'management' })).resolves.toEqual(['First management key']);
    });

    it('keep what an update does not name, and grow in version', async () => {
      const { key } = await createKey({ limitNanos: 5n });
      const { key: changed } = await call(UpdateKey, {
        accountId,
        digest: key.digest,
        changes: { name: 'New name', limitNanos: null },
      });
      expect(changed).toMatchObject({ name: 'New name', limitNanos: null, disabled: false, version: key.version + 1 });
      expect(changed.updatedAt).not.toBeNull();
      await expect(call(UpdateKey, { accountId, digest: key.digest, changes: {} })).resolves.toEqual({ key: changed });
    });

    it('say what may be kept of their requests: nothing until their owner says so', async () => {
      const { key } = await createKey();
      expect(key).toMatchObject({ cacheEnabled: null, cacheTtlSeconds: null, storeResponses: false });
      const kept = { cacheEnabled: true, cacheTtlSeconds: 60, storeResponses: true };
      const { key: changed } = await call(UpdateKey, { accountId, digest: key.digest, changes: kept });
      expect(changed).toMatchObject({ ...kept, version: key.version + 1 });
      await expect(call(ResolveKey, { digest: key.digest })).resolves.toMatchObject({ key: kept });
      const cleared = { cacheEnabled: null, cacheTtlSeconds: null, storeResponses: false };
      await call(UpdateKey, { accountId, digest: key.digest, changes: cleared });
      await expect(call(ResolveKey, { digest: key.digest })).resolves.toMatchObject({ key: cleared });
      const { key: made } = await call(CreateKey, { name: 'Keeps', accountId, ...kept });
      expect(made).toMatchObject(kept);
    });

    it('lose no change when many come at once', async () => {
      const { key } = await createKey();
      const limits = Array.from({ length: 10 }, (_, index) => BigInt(index));
      await Promise.all(
        limits.map((limitNanos) => call(UpdateKey, { accountId, digest: key.digest, changes: { limitNanos } })),
      );
      const { key: after } = await call(GetKey, { accountId, digest: key.digest });
      expect(after.version).toBe(key.version + limits.length);
      await waitUntil(async () => (await kvVersion(key)) === after.version, {
        what: 'the last change at the edges',
        timeoutMs: 5_000,
      });
    });

    it('are not to be seen or changed by another account', async () => {
      const { key } = await createKey();
      const foreign = { accountId: otherAccountId, digest: key.digest };
      await expect(call(GetKey, foreign)).rejects.toMatchObject({ code: 'not_found' });
      await expect(call(UpdateKey, { ...foreign, changes: { disabled: true } })).rejects.toMatchObject({
        code: 'not_found',
      });
      await expect(call(RevokeKey, foreign)).rejects.toMatchObject({ code: 'not_found' });
      const { keys } = await call(ListKeys, { accountId: otherAccountId });
      expect(keys.map(({ digest }) => digest)).not.toContain(key.digest);
      await expect(call(ResolveKey, { digest: key.digest })).resolves.toEqual({ status: 'active', key });
    });

    it('cannot be brought back once revoked, and revoking again is harmless', async () => {
      const { key } = await createKey();
      await call(RevokeKey, { accountId, digest: key.digest });
      await expect(call(RevokeKey, { accountId, digest: key.digest })).resolves.toEqual({ revoked: true });
      await expect(
        call(UpdateKey, { accountId, digest: key.digest, changes: { disabled: false } }),
      ).rejects.toMatchObject({ code: 'not_found' });
      await expect(call(GetKey, { accountId, digest: key.digest })).rejects.toMatchObject({ code: 'not_found' });
      await expect(statusOf(key)).resolves.toBe('revoked');
    });

    it('can be named by their id within their account, also once revoked', async () => {
      const { key } = await createKey();
      const hashFor = (account: string) => call(FindKeyHash, { accountId: account, keyId: key.id });
      await expect(hashFor(accountId)).resolves.toEqual({ digest: key.digest });
      await expect(hashFor(otherAccountId)).resolves.toEqual({ digest: null });
      await call(RevokeKey, { accountId, digest: key.digest });
      await expect(hashFor(accountId)).resolves.toEqual({ digest: key.digest });
    });

    it('note their last use by the minute, not backwards and not in the future', async () => {
      const { key } = await createKey();
      const touch = (...times: number[]) =>
        call(TouchKeys, { uses: times.map((time) => ({ keyId: key.id, usedAt: new Date(time).toISOString() })) });
      const lastUsedAt = async () => (await call(GetKey, { accountId, digest: key.digest })).key.lastUsedAt;
      await touch(NOW_MS - 61_000, NOW_MS);
      await expect(lastUsedAt()).resolves.toBe('2026-11-20T12:00:00.000Z');
      await touch(NOW_MS - 3_600_000);
      await expect(lastUsedAt()).resolves.toBe('2026-11-20T12:00:00.000Z');
      await touch(Date.now() + 86_400_000);
      expect(Date.parse((await lastUsedAt()) ?? '')).toBeLessThanOrEqual(Date.now());
      await call(TouchKeys, { uses: [] });
    });
  });

  describe('changes of keys', () => {
    it('are at every edge within a second', async () => {
      const { key } = await createKey();
      const seen = Promise.withResolvers<number>();
      const watch = await auth.bus.kv.watch(KEYS_BUCKET, {
        onEntry: (name) => name === key.digest && seen.resolve(performance.now()),
      });
      const startedAt = performance.now();
      await call(RevokeKey, { accountId, digest: key.digest });
      expect((await seen.promise) - startedAt).toBeLessThan(1_000);
      await watch.stop();
    });

    it('wait for a broker that is away, and are not lost', async () => {
      const { key } = await createKey();
      // Written as the service writes it, while nobody can be told.
      await auth.nats.kill9();
      await sql.query('INSERT INTO key_change (digest, key_id, version) VALUES ($1, $2, 7)', [key.digest, key.id]);
      await sleep(1_500);
      await expect(sql.query('SELECT 1 FROM key_change')).resolves.toMatchObject({ rowCount: 1 });
      await auth.nats.start();
      await waitUntil(async () => (await kvVersion(key).catch(() => null)) === 7, {
        what: 'the change at the edges',
        timeoutMs: 20_000,
      });
      await waitUntil(async () => (await sql.query('SELECT 1 FROM key_change')).rowCount === 0, {
        what: 'an empty outbox',
      });
      await waitUntil(async () => (await statusOf(key).catch(() => null)) === 'active', {
        what: 'the service to be back',
      });
    }, 40_000);

    it('survive a crash of PostgreSQL', async () => {
      const { key } = await createKey();
      await sql.end();
      await auth.postgres.kill9();
      await expect(call(ResolveKey, { digest: key.digest }, { timeoutMs: 8_000 })).rejects.toMatchObject({
        code: 'service_unavailable',
      });
      await auth.postgres.restart();
      await waitUntil(async () => (await statusOf(key).catch(() => null)) === 'active', {
        what: 'the key to resolve',
        timeoutMs: 20_000,
      });
      sql = new pg.Client({ connectionString: auth.ownerUrl });
      await sql.connect();
    }, 60_000);
  });
});
