import { randomUUID } from 'node:crypto';
import { LedgerRepository } from '../database/ledger.repository.js';
import { PromosRepository } from '../deposits/promos.repository.js';
import { RefundsRepository } from '../deposits/refunds.repository.js';
import { askForLease, fundAccount } from '../testing/accounts.js';
import { incoming, usageEvent } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import { AutoTopUpRepository } from './auto-top-up.repository.js';
import { feeOf } from './fee.js';
import { PaymentsRepository } from './payments.repository.js';

const ROUNDS = 40;
const NO_FEE = { ppm: 0n, minNanos: 0n };

describe('payments among everything else', () => {
  let bench: LedgerBench;
  let payments: PaymentsRepository;
  let refunds: RefundsRepository;
  let promos: PromosRepository;
  let topUps: AutoTopUpRepository;

  beforeAll(async () => {
    bench = await startLedgerBench({ poolSize: 16 });
    const ledger = new LedgerRepository(bench.dataSource);
    payments = new PaymentsRepository(ledger);
    refunds = new RefundsRepository(ledger);
    promos = new PromosRepository(ledger);
    topUps = new AutoTopUpRepository(ledger);
  }, 60_000);
  afterAll(() => bench?.stop());

  const usd = (amountNanos: bigint) => ({ amountNanos, currency: 'usd' });
  const told = (intent: string) => ({ eventId: randomUUID(), type: 'spec', intent });

  it('never wait in a circle with grants, usage, returns, expiries and refunds of the same accounts, and every nano-dollar is found', async () => {
    const accounts = await Promise.all([1, 2].map(() => fundAccount(bench, 1_000_000n)));
    const intents = Array.from({ length: 4 }, () => `pi_${randomUUID()}`);
    for (const accountId of accounts) {
      await topUps.savePayer(accountId, { customer: 'cus_1', paymentMethod: 'pm_1', intent: intents[0]! });
      await topUps.set(accountId, 500_000n, 10_000_000_000n);
    }
    const accountOf = (index: number) => accounts[index % accounts.length]!;
    const workers: ((round: number) => Promise<unknown>)[] = [
      async (round) => {
        const { request, reply } = await askForLease(bench, accountOf(round), 5_000n);
        if (reply.outcome !== 'granted') return;
        await bench.usage.apply([incoming(usageEvent(request, 1_500n))]);
        await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 0n });
      },
      async (round) => {
        const { request, reply } = await askForLease(bench, accountOf(round + 1), 20_000n);
        if (reply.outcome !== 'granted') return;
        await bench.leases.close({ leaseId: request.leaseId, edgeEpoch: request.edgeEpoch, keepNanos: 1_000n });
        await bench.usage.apply([incoming(usageEvent(request, 900n))]);
        await bench.leases.expire(request.leaseId, 0);
      },
      (round) => payments.take(told(intents[round % 4]!), accountOf(round % 4), usd(10_000n), NO_FEE),
      (round) => payments.refunded(told(intents[round % 4]!), usd(BigInt(1 + round * 100))),
      async (round) => {
        const expiresAt = new Date(Date.now() + 20).toISOString();
        const gift = {
          accountId: accountOf(round),
          amountNanos: 3_000n,
          externalId: randomUUID(),
          note: null,
          expiresAt,
        };
        await promos.grant(gift);
        for (const depositId of await promos.expired(10)) await promos.expire(depositId);
      },
      async (round) => {
        const accountId = accountOf(round);
        const { entries } = await bench.deposits.list({ accountId, kinds: ['purchase'], offset: 0, limit: 1 });
        if (!entries[0]) return;
        const refund = { accountId, depositId: entries[0].id, amountNanos: 50n, externalId: randomUUID(), note: null };
        const begun = await refunds.begin(refund, 1n);
        if (begun.outcome === 'created' && round % 2 === 0)
          await refunds.end(begun.refundId, { providerId: null, state: 'failed', error: 'spec' });
      },
      async (round) => {
        const attempt = await topUps.begin(accountOf(round), 10);
        if (!attempt) return;
        await payments.take(told(`pi_${attempt.attemptId}`), attempt.accountId, usd(attempt.amountNanos), NO_FEE);
        await topUps.end(attempt, { kind: 'succeeded' });
      },
    ];
    await Promise.all(
      workers.map(async (work) => {
        for (let round = 0; round < ROUNDS; round += 1) await work(round);
      }),
    );
    const [deadlocks] = await bench.asOwner(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(Number(deadlocks!['deadlocks'])).toBe(0);
    await expect(bench.audit.violations()).resolves.toEqual([]);
  }, 120_000);

  it('the fee that is announced is the fee that is booked', async () => {
    const fees = [
      { ppm: 55_000n, minNanos: 800_000_000n },
      { ppm: 1n, minNanos: 0n },
      { ppm: 333_333n, minNanos: 1n },
    ];
    for (const fee of fees)
      for (const paid of [1_000_000_001n, 10_000_000_000n, 999_999_999_999_999_999n]) {
        const accountId = await fundAccount(bench, 0n);
        await expect(payments.take(told(`pi_${randomUUID()}`), accountId, usd(paid), fee)).resolves.toBe('applied');
        const { entries } = await bench.deposits.list({ accountId, kinds: [], offset: 0, limit: 1 });
        expect(entries[0]).toMatchObject({ feeNanos: feeOf(paid, fee), amountNanos: paid - feeOf(paid, fee) });
      }
  });

  it.each([
    'withdrawal',
    'payment',
    'dispute',
    'payment_event',
    'provider_refund',
    'payer',
    'promo',
    'promo_mark',
    'auto_top_up',
    'outbox',
  ])('the service cannot write %s but through its functions', async (table) => {
    await expect(bench.asService(`DELETE FROM ${table}`)).rejects.toThrow('permission denied');
    await expect(bench.asService(`INSERT INTO ${table} DEFAULT VALUES`)).rejects.toThrow('permission denied');
    await expect(bench.asService(`TRUNCATE ${table}`)).rejects.toThrow('permission denied');
  });

  it.each([
    `credit_user(gen_random_uuid(), gen_random_uuid(), 1, 'manual', 1, 0, 'x', 'x', NULL, NULL)`,
    `debit_user(gen_random_uuid(), gen_random_uuid(), 1, 'refund', 1, gen_random_uuid(), 'x', 'x', NULL)`,
    `settle_payment('pi')`,
    `tell('x', '{}')`,
  ])('the service cannot call %s', async (call) => {
    await expect(bench.asService(`SELECT ${call}`)).rejects.toThrow('permission denied');
  });

  it('not even the owner changes what was withdrawn', async () => {
    await expect(bench.asOwner('DELETE FROM withdrawal')).rejects.toThrow('append-only');
  });
});
