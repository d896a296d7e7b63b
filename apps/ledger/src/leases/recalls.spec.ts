import {
  CreateDeposit,
  FenceEdge,
  GetBalance,
  OpenAccount,
  ReturnCredit,
  RunAudit,
  type BudgetScope,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { createLedgerProcess, type LedgerProcess } from '../testing/ledger-process.js';
import { SmallEdge } from '../testing/small-edge.js';

const BOUND = 1_000n;
const OTHERS = 6;

describe('money that is lent elsewhere', () => {
  let ledger: LedgerProcess;
  const call: LedgerProcess['bus']['rpc']['call'] = (contract, request) => ledger.bus.rpc.call(contract, request);
  const fundedAccount = async (amountNanos: bigint): Promise<string> => {
    const accountId = randomUUID();
    await call(OpenAccount, { accountId });
    await call(CreateDeposit, { accountId, amountNanos, source: 'test', externalId: randomUUID(), note: null });
    return accountId;
  };
  const edges = async (count: number): Promise<SmallEdge[]> => {
    const made = Array.from({ length: count }, () => new SmallEdge(ledger.bus));
    await ledger.bus.controlConnection.nats.flush();
    return made;
  };

  beforeAll(async () => {
    ledger = await createLedgerProcess({ SWEEP_INTERVAL_MS: '100', LEASE_GRACE_MS: '1000' });
    await ledger.command('migrate');
    await ledger.start();
  }, 60_000);

  // I15: the audit is empty after every test.
  afterEach(async () => {
    expect((await call(RunAudit, {})).violations).toEqual([]);
  });

  afterAll(async () => {
    await ledger?.close();
  }, 30_000);

  it('comes back when a request needs it: of many at two edges exactly as many are served as there is money for', async () => {
    const served = 7;
    const accountId = await fundedAccount(BigInt(served) * BOUND);
    const [idle, ...busy] = await edges(3);
    // Everything lies idle at an edge that nobody asks any more.
    await idle!.borrow(accountId, BigInt(served) * BOUND, { hold: false });
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, index) => busy[index % 2]!.borrow(accountId, BOUND)),
    );
    const replies = asked.map(({ reply }) => reply);
    expect(replies.filter(({ outcome }) => outcome === 'granted')).toHaveLength(served);
    for (const reply of replies)
      if (reply.outcome === 'refused') expect(reply.reason).toBe('in_flight_budget_exhausted');
    expect(idle!.recalls).toBeGreaterThan(0);
  }, 30_000);

  it('is pooled when two edges have a part each, and serves one of them, never none', async () => {
    for (let round = 0; round < 15; round += 1) {
      const accountId = await fundedAccount(BOUND);
      const [left, right] = await edges(2);
      const one = await left!.borrow(accountId, 300n, { hold: false });
      const other = await right!.borrow(accountId, 700n, { hold: false });
      const runs = await Promise.all([left!.extend(one.leaseId, BOUND), right!.extend(other.leaseId, BOUND)]);
      expect(runs.filter(Boolean)).toHaveLength(1);
    }
  }, 60_000);

  it('is not taken from what runs; a request that no return could serve recalls nothing', async () => {
    const accountId = await fundedAccount(2n * BOUND);
    const [holder, asker] = await edges(2);
    await holder!.borrow(accountId, 2n * BOUND);
    const { reply } = await asker!.borrow(accountId, BOUND);
    expect(reply).toMatchObject({ outcome: 'refused', reason: 'in_flight_budget_exhausted', availableNanos: 0n });
    const recalls = holder!.recalls;
    expect(recalls).toBe(1);
    const never = await asker!.borrow(accountId, 2n * BOUND + 1n);
    expect(never.reply).toMatchObject({ outcome: 'refused', reason: 'insufficient_credits' });
    expect(holder!.recalls).toBe(recalls);
    await expect(call(GetBalance, { accountId })).resolves.toMatchObject({ leasedNanos: 2n * BOUND });
  });

  it('of a budget comes back, too, from the leases that count against it and from no others', async () => {
    const accountId = await fundedAccount(1_000n * BOUND);
    const scope: BudgetScope = { scopeId: randomUUID(), kind: 'workspace', interval: 'weekly', capNanos: BOUND };
    const [idle, free, asker] = await edges(3);
    await idle!.borrow(accountId, BOUND, { hold: false, budgets: [scope] });
    await free!.borrow(accountId, BOUND, { hold: false });
    const { reply } = await asker!.borrow(accountId, BOUND, { budgets: [scope] });
    expect(reply.outcome).toBe('granted');
    expect([idle!.recalls, free!.recalls]).toEqual([1, 0]);
    const refused = await free!.borrow(accountId, BOUND, { budgets: [scope] });
    expect(refused.reply).toMatchObject({
      outcome: 'refused',
      reason: 'budget_exhausted',
      scopeKind: 'workspace',
      interval: 'weekly',
      capNanos: BOUND,
      spentNanos: 0n,
    });
  });

  it('stays where it is when its edge does not answer, and nobody waits for that edge again', async () => {
    const accountId = await fundedAccount(BOUND);
    const [silent, asker] = await edges(2);
    silent!.answers = false;
    await silent!.borrow(accountId, BOUND, { hold: false });
    for (let time = 0; time < OTHERS; time += 1)
      expect((await asker!.borrow(accountId, BOUND)).reply).toMatchObject({ reason: 'in_flight_budget_exhausted' });
    expect(silent!.recalls).toBe(OTHERS);
    silent!.answers = true;
    // It is asked all the same, and what it gives is there for this one or the next.
    await waitUntil(async () => (await asker!.borrow(accountId, BOUND)).reply.outcome === 'granted', {
      what: 'the money is back',
    });
  }, 30_000);

  it('is moved once, however often and however late its return is told', async () => {
    const accountId = await fundedAccount(10n * BOUND);
    const [edge, stranger] = await edges(2);
    const { leaseId } = await edge!.borrow(accountId, 4n * BOUND, { hold: false });
    const { edgeId, edgeEpoch } = edge!;
    const tell = (returnedNanos: bigint, epoch = edgeEpoch) =>
      call(ReturnCredit, { edgeId, edgeEpoch: epoch, recallId: null, leases: [{ leaseId, returnedNanos }] });
    const leased = async () => (await call(GetBalance, { accountId })).leasedNanos;
    await tell(BOUND);
    await tell(BOUND);
    expect(await leased()).toBe(3n * BOUND);
    await Promise.all([tell(3n * BOUND), tell(2n * BOUND), tell(3n * BOUND)]);
    expect(await leased()).toBe(BOUND);
    await tell(BOUND);
    await tell(100n * BOUND, stranger!.edgeEpoch);
    expect(await leased()).toBe(BOUND);
    await tell(100n * BOUND);
    expect(await leased()).toBe(0n);
  });

  it('of a dead edge is free as soon as the workers have noticed, and that edge is lent nothing more', async () => {
    const accountId = await fundedAccount(BOUND);
    const [dead, heir] = await edges(2);
    dead!.answers = false;
    const { leaseId } = await dead!.borrow(accountId, BOUND);
    const { edgeId, edgeEpoch } = dead!;
    await expect(call(FenceEdge, { edgeId: heir!.edgeId, edgeEpoch })).resolves.toEqual({ fencedLeases: 0 });
    await expect(call(FenceEdge, { edgeId, edgeEpoch })).resolves.toEqual({ fencedLeases: 1 });
    await expect(dead!.extend(leaseId, 2n * BOUND)).rejects.toMatchObject({ code: 'not_found' });
    await expect(call(GetBalance, { accountId })).resolves.toMatchObject({ leasedNanos: BOUND });
    // Its time would have lasted a minute, and a second of grace.
    await waitUntil(async () => (await call(GetBalance, { accountId })).availableNanos === BOUND, {
      what: 'the lease is closed',
      timeoutMs: 30_000,
    });
  }, 45_000);
});
