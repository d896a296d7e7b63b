import type { UsageEvent } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, tickets, usageEvent, type GrantRequest } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';

const WAIT_MS = 60_000;
const START = new Date('2026-11-22T10:00:00Z');
const later = (ms: number) => new Date(START.getTime() + ms);

describe('estimates', () => {
  let bench: LedgerBench;

  const apply = (...events: UsageEvent[]) => bench.usage.apply(events.map(incoming), { estimateWaitMs: WAIT_MS });
  const lend = async (deposit: bigint, lent: bigint, budgets: Parameters<typeof askForLease>[3] = []) => {
    const accountId = await fundAccount(bench, deposit);
    const { request } = await askForLease(bench, accountId, lent, budgets);
    return { accountId, request };
  };
  /** What the edge counted, and what others say of the same generation. */
  const witnesses = (request: GrantRequest, nanos: bigint) => {
    const guess = usageEvent(request, nanos, { outcome: 'estimate', witness: 'edge', boundNanos: 1_000n });
    const others = { generationId: guess.generationId, boundNanos: 1_000n };
    return {
      guess,
      real: (cost: bigint, fields: Partial<UsageEvent> = {}) => usageEvent(request, cost, { ...others, ...fields }),
    };
  };
  const applyDue = async () => bench.usage.apply(await bench.usage.due(100, tickets));
  const spentOf = async (accountId: string) => (await bench.accounts.balance(accountId))!.spentNanos;
  const pending = async () => bench.asService('SELECT generation_id FROM usage_pending');

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  beforeEach(() => bench.setClock(START));

  afterEach(async () => {
    await expect(bench.audit.violations()).resolves.toEqual([]);
    await expect(pending()).resolves.toEqual([]);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it('of an edge wait, and are booked when nothing better came', async () => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    const { guess } = witnesses(request, 300n);
    await expect(apply(guess)).resolves.toMatchObject([{ status: 'pending', edgeId: null, chargedNanos: 0n }]);
    // The edge publishes it again, because nobody has confirmed it.
    await expect(apply(guess)).resolves.toMatchObject([{ status: 'pending' }]);
    await bench.setClock(later(WAIT_MS - 1));
    await expect(applyDue()).resolves.toEqual([]);
    await bench.setClock(later(WAIT_MS));
    await expect(applyDue()).resolves.toMatchObject([{ status: 'applied', chargedNanos: 300n, edgeId: 'edge-1' }]);
    await expect(spentOf(accountId)).resolves.toBe(300n);
    await expect(apply(guess)).resolves.toMatchObject([{ status: 'superseded', chargedNanos: 300n, edgeId: 'edge-1' }]);
  });

  it('of a worker are the best that will ever be, and are booked at once', async () => {
    const { request } = await lend(10_000n, 1_000n);
    const { real } = witnesses(request, 300n);
    await expect(apply(real(300n, { outcome: 'estimate' }))).resolves.toMatchObject([
      { status: 'applied', chargedNanos: 300n },
    ]);
  });

  it.each([
    ['final', 200n, 200n],
    ['insured', 200n, 0n],
    ['void', 0n, 0n],
    ['estimate', 250n, 250n],
  ] as const)('that wait give way to what the worker says: %s', async (outcome, cost, charged) => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    const { guess, real } = witnesses(request, 300n);
    await apply(guess);
    await expect(apply(real(cost, { outcome }))).resolves.toMatchObject([{ status: 'applied', chargedNanos: charged }]);
    await bench.setClock(later(WAIT_MS));
    await expect(applyDue()).resolves.toEqual([]);
    await expect(spentOf(accountId)).resolves.toBe(charged);
  });

  it('do not wait where the real usage is booked, before them or in the same batch', async () => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    const first = witnesses(request, 300n);
    await apply(first.real(200n));
    await expect(apply(first.guess)).resolves.toMatchObject([{ status: 'superseded', chargedNanos: 200n }]);
    const second = witnesses(request, 300n);
    const both = await apply(second.guess, second.real(100n));
    expect(both.map(({ status }) => status).toSorted()).toEqual(['applied', 'superseded']);
    await expect(spentOf(accountId)).resolves.toBe(300n);
  });

  it('whose lease cannot be the one are quarantined when they are due', async () => {
    const { request } = await lend(10_000n, 1_000n);
    const stray = witnesses({ ...request, leaseId: randomUUID() }, 300n).guess;
    await expect(apply(stray)).resolves.toMatchObject([{ status: 'pending' }]);
    await bench.setClock(later(WAIT_MS));
    await expect(applyDue()).resolves.toMatchObject([{ status: 'quarantined', reason: 'unknown_lease' }]);
  });

  it('that two ledgers find due at the same moment are booked once', async () => {
    const { accountId, request } = await lend(10_000n, 1_000n);
    await apply(...[1, 2, 3, 4].map(() => witnesses(request, 100n).guess));
    await bench.setClock(later(WAIT_MS));
    const due = await bench.usage.due(100, tickets);
    await Promise.all([bench.usage.apply(due), bench.usage.apply(due.toReversed()), bench.usage.apply(due)]);
    await expect(spentOf(accountId)).resolves.toBe(400n);
  });

  describe('that were booked before the real usage came', () => {
    const booked = async (
      deposit: bigint,
      lent: bigint,
      guessed: bigint,
      budgets: Parameters<typeof askForLease>[3] = [],
    ) => {
      const { accountId, request } = await lend(deposit, lent, budgets);
      const { guess, real } = witnesses(request, guessed);
      await apply(guess);
      await bench.setClock(later(WAIT_MS));
      await applyDue();
      return { accountId, request, real, guess };
    };

    it('are corrected once: what was too much goes back to the customer', async () => {
      const { accountId, request, real, guess } = await booked(10_000n, 1_000n, 300n);
      const truth = real(120n);
      await expect(apply(truth)).resolves.toMatchObject([{ status: 'corrected', chargedNanos: 120n, lostNanos: 0n }]);
      await expect(apply(truth, guess)).resolves.toMatchObject([{ status: 'duplicate' }, { status: 'superseded' }]);
      await expect(apply(real(500n))).resolves.toMatchObject([{ status: 'contradiction', chargedNanos: 120n }]);
      await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({
        spentNanos: 120n,
        leasedNanos: 700n,
        availableNanos: 9_180n,
      });
      await expect(bench.keySpend.spendOf([request.keyId])).resolves.toMatchObject([{ totalNanos: 120n }]);
      await expect(bench.generations.find(truth.generationId, accountId)).resolves.toMatchObject({
        usage: { outcome: 'final', costNanos: 120n },
        chargedNanos: 120n,
      });
      // The row of the estimate stays as it was.
      await expect(
        bench.asService('SELECT outcome, charged FROM usage WHERE generation_id = $1', [guess.generationId]),
      ).resolves.toEqual([{ outcome: 'estimate', charged: '300' }]);
    });

    it('are in the activity of their day as what they were in truth', async () => {
      const { request, real } = await booked(10_000n, 1_000n, 300n);
      await apply(real(120n));
      await expect(
        bench.asService(
          `SELECT outcome, requests, output_tokens, cost_pico, charged FROM activity WHERE key_id = $1 ORDER BY outcome`,
          [request.keyId],
        ),
      ).resolves.toEqual([
        { outcome: 'estimate', requests: '0', output_tokens: '0', cost_pico: '0', charged: '0' },
        { outcome: 'final', requests: '1', output_tokens: '120', cost_pico: '120000', charged: '120' },
      ]);
    });

    it('cost the customer more up to the bound, from the account and never from money that an edge counts on', async () => {
      const { accountId, real } = await booked(10_000n, 2_000n, 300n);
      await expect(apply(real(1_400n))).resolves.toMatchObject([
        { status: 'corrected', chargedNanos: 1_000n, lostNanos: 400n, overBoundNanos: 400n },
      ]);
      await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({
        spentNanos: 1_000n,
        leasedNanos: 1_700n,
        availableNanos: 7_300n,
      });
    });

    it('cost the house what the account cannot pay', async () => {
      const { accountId, real } = await booked(1_100n, 1_000n, 300n);
      await expect(apply(real(900n))).resolves.toMatchObject([
        { status: 'corrected', chargedNanos: 400n, lostNanos: 500n },
      ]);
      await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ availableNanos: 0n, leasedNanos: 700n });
    });

    it('are not corrected by another estimate, nor by what would be told as insured', async () => {
      const { accountId, real } = await booked(10_000n, 1_000n, 300n);
      await expect(apply(real(10n, { outcome: 'estimate' }))).resolves.toMatchObject([{ status: 'superseded' }]);
      await expect(apply(real(10n, { outcome: 'insured' }))).resolves.toMatchObject([{ status: 'contradiction' }]);
      await expect(apply(real(0n, { outcome: 'void' }))).resolves.toMatchObject([{ status: 'contradiction' }]);
      await expect(spentOf(accountId)).resolves.toBe(300n);
    });

    it('count in budgets what they cost in the end, and give back what was forced before what fitted', async () => {
      const scopeId = randomUUID();
      const budgets = [{ scopeId, kind: 'key' as const, interval: 'total' as const, capNanos: 400n }];
      const { request, real } = await booked(10_000n, 250n, 600n, budgets);
      const budget = () => bench.asService('SELECT reserved, spent, forced FROM budget WHERE scope_id = $1', [scopeId]);
      await expect(budget()).resolves.toEqual([{ reserved: '0', spent: '400', forced: '200' }]);
      await apply(real(350n));
      await expect(budget()).resolves.toEqual([{ reserved: '0', spent: '350', forced: '0' }]);
      await bench.setClock(START);
      const dearer = witnesses(request, 10n);
      await apply(dearer.guess);
      await bench.setClock(later(WAIT_MS));
      await applyDue();
      await apply(dearer.real(100n));
      await expect(budget()).resolves.toEqual([{ reserved: '0', spent: '400', forced: '50' }]);
    });
  });

  it.each(['insured', 'void'] as const)(
    'and real usage never charge what was told to be free (%s)',
    async (outcome) => {
      const { accountId, request } = await lend(10_000n, 1_000n);
      const { guess, real } = witnesses(request, 300n);
      await apply(real(0n, { outcome }));
      await expect(apply(guess, real(200n))).resolves.toMatchObject([
        { status: 'contradiction' },
        { status: 'superseded' },
      ]);
      await bench.setClock(later(WAIT_MS));
      await expect(applyDue()).resolves.toEqual([]);
      await expect(spentOf(accountId)).resolves.toBe(0n);
    },
  );
});
