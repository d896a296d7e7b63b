import {
  CreateAccount,
  CreateKey,
  DeleteBudget,
  GetKey,
  GetWorkspace,
  KEYS_BUCKET,
  ListBudgets,
  ListKeys,
  ListWorkspaces,
  ResolveKey,
  RevokeKey,
  SetBudget,
  type ApiKey,
  type BudgetInterval,
  type BudgetOwner,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import pg from 'pg';
import { LedgerDouble, startAuth, type AuthHarness } from '../testing/auth-harness.js';

const ACCOUNT: BudgetOwner = { kind: 'account' };
const WORKSPACE: BudgetOwner = { kind: 'workspace', workspace: 'default' };
const userBudget = (userId: string): BudgetOwner => ({ kind: 'user', userId });

describe('budgets', () => {
  let auth: AuthHarness;
  let accountId: string;
  let accounts = 0;

  const call: AuthHarness['bus']['rpc']['call'] = (contract, request, options) =>
    auth.bus.rpc.call(contract, request, options);
  const set = (owner: BudgetOwner, interval: BudgetInterval, capNanos: bigint) =>
    call(SetBudget, { accountId, owner, interval, capNanos });
  const createKey = async (creatorUserId: string | null = null, of = accountId) =>
    (await call(CreateKey, { accountId: of, name: 'A key', creatorUserId })).key;
  const resolved = async ({ digest }: ApiKey) => {
    const resolution = await call(ResolveKey, { digest });
    if (resolution.status !== 'active') throw new Error(resolution.status);
    return resolution.key;
  };
  const capsOf = async (key: ApiKey) =>
    (await resolved(key)).budgets.map(({ kind, interval, capNanos }) => `${kind} ${interval} ${capNanos}`).sort();

  beforeAll(async () => {
    auth = await startAuth();
  }, 60_000);
  afterAll(async () => {
    await auth?.stop();
  }, 30_000);
  beforeEach(async () => {
    accounts += 1;
    accountId = (await call(CreateAccount, { name: `Account ${accounts}` })).accountId;
  });

  it('reach the keys of their account, workspace and user, and no others', async () => {
    const [annas, nobodys] = [await createKey('anna'), await createKey()];
    const other = (await call(CreateAccount, { name: 'Other' })).accountId;
    const foreign = await createKey('anna', other);
    await set(ACCOUNT, 'total', 1_000n);
    await set(WORKSPACE, 'monthly', 500n);
    await set(userBudget('anna'), 'daily', 10n);
    await expect(capsOf(annas)).resolves.toEqual(['account total 1000', 'user daily 10', 'workspace monthly 500']);
    await expect(capsOf(nobodys)).resolves.toEqual(['account total 1000', 'workspace monthly 500']);
    await expect(capsOf(foreign)).resolves.toEqual([]);
    const { keys } = await call(ListKeys, { accountId });
    expect(keys.map(({ budgets }) => budgets.length)).toEqual([2, 3]);
    expect((await call(GetKey, { accountId, digest: annas.digest })).key).toEqual(await resolved(annas));
    const { keys: management } = await call(ListKeys, { accountId, kind: 'management' });
    expect(management[0]!.budgets).toEqual([]);
  });

  it('are at every edge within a second, for every key that they concern and for no other', async () => {
    const [annas, bobs] = [await createKey('anna'), await createKey('bob')];
    const seen = new Map<string, number>();
    const watch = await auth.bus.kv.watch(KEYS_BUCKET, { onEntry: (digest) => seen.set(digest, performance.now()) });
    seen.clear();
    const startedAt = performance.now();
    await set(userBudget('anna'), 'weekly', 70n);
    await waitUntil(() => seen.has(annas.digest), { what: 'the change', timeoutMs: 2_000 });
    expect(seen.get(annas.digest)! - startedAt).toBeLessThan(1_000);
    expect(seen.has(bobs.digest)).toBe(false);
    expect((await resolved(annas)).version).toBe(annas.version + 1);
    expect((await resolved(bobs)).version).toBe(bobs.version);
    // The same cap again says nothing new.
    await set(userBudget('anna'), 'weekly', 70n);
    expect((await resolved(annas)).version).toBe(annas.version + 1);
    await set(WORKSPACE, 'daily', 5n);
    await waitUntil(() => seen.has(bobs.digest), { what: 'the change of the workspace', timeoutMs: 2_000 });
    expect((await resolved(annas)).version).toBe(annas.version + 2);
    await call(DeleteBudget, { accountId, owner: WORKSPACE, interval: 'daily' });
    expect((await resolved(bobs)).version).toBe(bobs.version + 2);
    await watch.stop();
  });

  it('strictly decrease as the interval shortens', async () => {
    await set(WORKSPACE, 'weekly', 100n);
    for (const [interval, capNanos] of [
      ['daily', 100n],
      ['daily', 101n],
      ['monthly', 100n],
      ['total', 99n],
    ] as const)
      await expect(set(WORKSPACE, interval, capNanos)).rejects.toMatchObject({
        code: 'invalid_request',
        metadata: { path: 'limit_usd' },
      });
    await set(WORKSPACE, 'daily', 99n);
    await set(WORKSPACE, 'total', 1_000n);
    await expect(set(WORKSPACE, 'monthly', 1_000n)).rejects.toMatchObject({
      message: 'The monthly budget must be less than the lifetime budget of $0.000001.',
    });
    await set(WORKSPACE, 'monthly', 101n);
    await expect(set(WORKSPACE, 'weekly', 0n)).rejects.toMatchObject({ code: 'invalid_request' });
    // Budgets of other owners are other budgets.
    await set(ACCOUNT, 'monthly', 5n);
    const { budgets } = await call(ListBudgets, { accountId, owner: WORKSPACE });
    expect(budgets.map(({ interval }) => interval)).toEqual(['daily', 'weekly', 'monthly', 'total']);
    await expect(call(ListBudgets, { accountId })).resolves.toMatchObject({ totalCount: 5 });
  });

  it('stay in order when they are changed at once', async () => {
    const order = ['daily', 'weekly', 'monthly'] as const;
    for (let round = 0; round < 5; round += 1) {
      const owner = userBudget(`user ${round}`);
      const changes = Array.from({ length: 15 }, (_, index) => set(owner, order[index % 3]!, BigInt(15 - index) * 10n));
      await Promise.allSettled(changes);
      const { budgets } = await call(ListBudgets, { accountId, owner });
      const byLength = budgets.toSorted(
        (a, b) => order.indexOf(a.interval as 'daily') - order.indexOf(b.interval as 'daily'),
      );
      for (const [index, budget] of byLength.slice(1).entries())
        expect(budget.capNanos > byLength[index]!.capNanos).toBe(true);
    }
  });

  it('count under the same scope when they are deleted and set again', async () => {
    const { budget } = await set(userBudget('anna'), 'daily', 10n);
    const owner = userBudget('anna');
    await expect(call(DeleteBudget, { accountId, owner, interval: 'daily' })).resolves.toEqual({ deleted: true });
    await expect(call(DeleteBudget, { accountId, owner, interval: 'daily' })).resolves.toEqual({ deleted: false });
    const { budget: again } = await set(owner, 'daily', 20n);
    expect(again.scopeId).toBe(budget.scopeId);
    expect(again.id).not.toBe(budget.id);
    expect((await set(userBudget('bob'), 'daily', 10n)).budget.scopeId).not.toBe(budget.scopeId);
  });

  it('are not to be seen or changed through another account', async () => {
    await set(WORKSPACE, 'daily', 10n);
    const { workspaces } = await call(ListWorkspaces, { accountId });
    const other = (await call(CreateAccount, { name: 'Thief' })).accountId;
    const owner: BudgetOwner = { kind: 'workspace', workspace: workspaces[0]!.id };
    const foreign = { accountId: other, owner, interval: 'daily' as const };
    await expect(call(SetBudget, { ...foreign, capNanos: 1n })).rejects.toMatchObject({ code: 'not_found' });
    await expect(call(DeleteBudget, foreign)).rejects.toMatchObject({ code: 'not_found' });
    await expect(call(ListBudgets, { accountId: other, owner })).rejects.toMatchObject({ code: 'not_found' });
    await expect(call(GetWorkspace, { accountId: other, workspace: workspaces[0]!.id })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(call(ListBudgets, { accountId: other })).resolves.toMatchObject({ budgets: [], totalCount: 0 });
  });

  it('are counted by the ledger first, with every key that they were ever spent by', async () => {
    const [annas, bobs, revoked] = [await createKey('anna'), await createKey('bob'), await createKey('anna')];
    await call(RevokeKey, { accountId, digest: revoked.digest });
    const { budget } = await set(userBudget('anna'), 'monthly', 30n);
    const { keyIds, ...told } = LedgerDouble.budgets.at(-1)!;
    expect(told).toEqual({ scopeId: budget.scopeId, kind: 'user', interval: 'monthly', capNanos: 30n });
    expect(new Set(keyIds)).toEqual(new Set([annas.id, revoked.id]));
    await set(WORKSPACE, 'monthly', 40n);
    expect(LedgerDouble.budgets.at(-1)?.keyIds).toHaveLength(3);
    LedgerDouble.failing = true;
    try {
      await expect(set(userBudget('anna'), 'monthly', 50n)).rejects.toMatchObject({ code: 'service_unavailable' });
    } finally {
      LedgerDouble.failing = false;
    }
    await expect(capsOf(annas)).resolves.toEqual(['user monthly 30', 'workspace monthly 40']);
    await expect(capsOf(bobs)).resolves.toEqual(['workspace monthly 40']);
  });

  it('of a workspace say whether own keys count, for all of them', async () => {
    await expect(set(WORKSPACE, 'daily', 10n)).resolves.toMatchObject({ includeByok: false });
    const request = { accountId, owner: WORKSPACE, interval: 'weekly' as const, capNanos: 20n, includeByok: true };
    await expect(call(SetBudget, request)).resolves.toMatchObject({ includeByok: true });
    await expect(set(WORKSPACE, 'daily', 11n)).resolves.toMatchObject({ includeByok: true });
    await expect(call(GetWorkspace, { accountId, workspace: 'default' })).resolves.toMatchObject({
      workspace: { slug: 'default', isDefault: true, includeByokInBudgets: true },
    });
  });

  it('leave the first account of an installation, and no other, its operator', async () => {
    const sql = new pg.Client({ connectionString: auth.ownerUrl });
    await sql.connect();
    try {
      const { rows } = await sql.query<{ name: string }>('SELECT name FROM auth.account WHERE operator');
      expect(rows).toEqual([{ name: 'Account 1' }]);
      await expect(sql.query('UPDATE auth.account SET operator = true')).rejects.toThrow('account_operator');
    } finally {
      await sql.end();
    }
    expect((await resolved(await createKey())).operator).toBe(false);
  });
});
