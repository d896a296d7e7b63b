import { jest } from '@jest/globals';
import type { UsageEvent } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { askForLease, fundAccount } from './testing/accounts.js';
import { generationId, grantRequest, incoming, TTL_MS, usageEvent } from './testing/builders.js';
import { startLedgerBench, type LedgerBench } from './testing/ledger-bench.js';
import { assertBooksAreSound } from './testing/running-books.js';
import { leaveAndSweep, trafficOn } from './testing/traffic.js';

// Deadlines of tests are for what hangs, not for machines that are busy.
jest.setTimeout(30_000);

/**
 * What users buy, sentence by sentence. I12 needs processes to kill: it is `e2e/src/no-kill-costs-more.spec.ts`. Cases of one part stand in
 * books.spec.ts, lending-invariants.spec.ts and rights.spec.ts.
 */
describe('the invariants of the ledger', () => {
  let bench: LedgerBench;
  const NOW = new Date('2026-11-22T10:00:00Z');

  /** Asks again and again while the work runs, so that many commits are seen from outside. */
  const whileRunning = async <T>(work: Promise<T>, look: () => Promise<void>): Promise<T> => {
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) await look();
    })();
    const result = await work.finally(() => over.abort());
    await watching;
    return result;
  };
  const one = async <Row extends object>(sql: string, values: unknown[] = []) =>
    (await bench.asService<Row>(sql, values))[0]!;

  beforeAll(async () => {
    bench = await startLedgerBench({ poolSize: 12 });
  }, 60_000);

  afterEach(async () => {
    await bench.setClock(null);
  });

  afterAll(async () => {
    await bench?.stop();
  });

  it("I1 The sum of all transfers' debits equals the sum of credits, at every commit", async () => {
    const accountId = await fundAccount(bench, 20_000n);
    await whileRunning(trafficOn(bench, accountId), async () => {
      await expect(bench.audit.totals()).resolves.toMatchObject({ trialBalanceNanos: 0n });
    });
  });

  it('I2 For every tracked account the stored totals equal the sums of its transfers', async () => {
    const accountId = await fundAccount(bench, 20_000n);
    await whileRunning(trafficOn(bench, accountId), async () => {
      const { wrong } = await one<{ wrong: string }>(
        `SELECT count(*) AS wrong FROM account a
         LEFT JOIN (SELECT credit_account AS id, sum(amount) AS sum FROM transfer GROUP BY 1) c USING (id)
         LEFT JOIN (SELECT debit_account AS id, sum(amount) AS sum FROM transfer GROUP BY 1) d USING (id)
         WHERE a.tracked AND (a.credits, a.debits) IS DISTINCT FROM (coalesce(c.sum, 0)::bigint, coalesce(d.sum, 0)::bigint)`,
      );
      expect(wrong).toBe('0');
    });
  });

  it('I3 No user account and no lease is ever below zero, under any number of edges, streams, crashes and retries', async () => {
    // Poor enough that much of what is used cannot be paid.
    const accountId = await fundAccount(bench, 4_000n);
    const events = await whileRunning(trafficOn(bench, accountId), async () => {
      const { least } = await one<{ least: string }>(
        'SELECT min(credits - debits) AS least FROM account WHERE tracked',
      );
      expect(BigInt(least)).toBeGreaterThanOrEqual(0n);
    });
    expect(events.length).toBeGreaterThan(0);
    await expect(
      bench.asOwner(
        `SELECT post(gen_random_uuid(), a.id, house_account('revenue'), a.credits - a.debits + 1, 3, $2)
         FROM account a WHERE owner_id = $1`,
        [accountId, generationId()],
      ),
    ).rejects.toThrow('no_overspend');
  });

  it('I4 Applying the same usage event k times, in any order, with others between, has the effect of once', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const { request } = await askForLease(bench, accountId, 5_000n);
    const events = [100n, 200n, 300n, 400n].map((cost) => incoming(usageEvent(request, cost)));
    const orders = [events, events.toReversed(), [...events, ...events], [events[2]!, events[0]!, events[2]!]];
    await Promise.all(orders.map((order) => bench.usage.apply(order)));
    for (const order of orders) await bench.usage.apply(order);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 1_000n, leasedNanos: 4_000n });
    await expect(bench.keySpend.spendOf([request.keyId])).resolves.toMatchObject([{ totalNanos: 1_000n }]);
  });

  it('I5 The same transfer id with another amount, account or code raises and changes nothing', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    const { request } = await askForLease(bench, accountId, 100n);
    const event = usageEvent(request, 60n);
    await bench.usage.apply([incoming(event)]);
    const before = await bench.accounts.balance(accountId);
    // The transfer of that generation once more, as the mover would be asked for it.
    const post = (fields: { debit?: string; credit?: string; amount?: number; code?: number }) =>
      bench.asOwner(
        `SELECT post(t.id, coalesce(house_account($2), t.debit_account), coalesce(house_account($3), t.credit_account),
           coalesce($4, t.amount), coalesce($5, t.code), t.ref) AS moved FROM transfer t WHERE t.ref = $1`,
        [event.generationId, fields.debit, fields.credit, fields.amount, fields.code],
      );
    await expect(post({})).resolves.toEqual([{ moved: false }]);
    for (const other of [{ amount: 61 }, { debit: 'external' }, { credit: 'house_loss' }, { code: 3 }])
      await expect(post(other)).rejects.toThrow('exists with other fields');
    await expect(bench.accounts.balance(accountId)).resolves.toEqual(before);
  });

  it('I6 granted = captured + returned + balance, for every lease; a closed lease has balance 0', async () => {
    await bench.setClock(NOW);
    const accountId = await fundAccount(bench, 20_000n);
    await trafficOn(bench, accountId);
    const wrong = `
      SELECT l.id FROM lease l JOIN account a ON a.id = l.account_id
      WHERE l.granted <> a.credits - a.debits
        + (SELECT coalesce(sum(amount), 0) FROM transfer WHERE debit_account = a.id AND code IN (2, 5))
        OR (l.state = 'closed' AND a.credits <> a.debits)`;
    await expect(bench.asService(wrong)).resolves.toEqual([]);
    await leaveAndSweep(bench, NOW, 90_000);
    await expect(bench.asService(wrong)).resolves.toEqual([]);
    const { open } = await one<{ open: string }>(
      `SELECT count(*) AS open FROM lease l JOIN account a ON a.id = l.user_account WHERE a.owner_id = $1 AND l.state <> 'closed'`,
      [accountId],
    );
    expect(open).toBe('0');
  });

  it('I7 reserved + spent ≤ cap for every scope and window; at 00:00:00 UTC a new window starts with spent = 0', async () => {
    const accountId = await fundAccount(bench, 1_000_000n);
    const budget = { scopeId: randomUUID(), kind: 'key' as const, interval: 'daily' as const, capNanos: 3_500n };
    const rowsOf = () =>
      bench.asService<{ reserved: string; spent: string }>(
        'SELECT reserved, spent FROM budget WHERE scope_id = $1 ORDER BY window_start',
        [budget.scopeId],
      );
    await bench.setClock(new Date('2026-11-22T23:59:59.999Z'));
    const lent = await Promise.all(Array.from({ length: 20 }, () => askForLease(bench, accountId, 1_000n, [budget])));
    const granted = lent.filter(({ reply }) => reply.outcome === 'granted');
    expect(granted).toHaveLength(3);
    await bench.setClock(new Date('2026-11-23T00:00:00.000Z'));
    await askForLease(bench, accountId, 500n, [budget]);
    await bench.usage.apply(granted.map(({ request }) => incoming(usageEvent(request, 1_000n))));
    // The old window has changed only by what was admitted in it, the new one not at all by that.
    await expect(rowsOf()).resolves.toEqual([
      { reserved: '0', spent: '3000' },
      { reserved: '500', spent: '0' },
    ]);
  });

  it('I8 What was charged is the price of the usage that reached the ledger; the difference to the provider’s own count is insured or lost, by id', async () => {
    const accountId = await fundAccount(bench, 6_000n);
    const events = await trafficOn(bench, accountId);
    const provider = new Map(events.map((event) => [event.generationId, event]));
    const booked = await bench.asService<{ generation_id: string; outcome: string; charged: string; lost: string }>(
      'SELECT generation_id, outcome, charged, lost FROM usage WHERE owner_id = $1',
      [accountId],
    );
    expect(booked.map((row) => row.generation_id).toSorted()).toEqual([...provider.keys()].toSorted());
    const costOf = (id: string) => (provider.get(id) as UsageEvent).costNanos;
    const short = booked.filter((row) => BigInt(row.charged) !== costOf(row.generation_id));
    for (const row of short) {
      if (row.outcome === 'insured') expect(row).toMatchObject({ charged: '0', lost: '0' });
      else expect(BigInt(row.charged) + BigInt(row.lost)).toBe(costOf(row.generation_id));
    }
    const total = booked.reduce((sum, row) => sum + BigInt(row.charged), 0n);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: total });
  });

  it('I9 With balance B and bound b, at most ⌊B/b⌋ of M simultaneous requests are admitted, whatever the number of edges', async () => {
    const accountId = await fundAccount(bench, 7_999n);
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, at) => {
        const request = grantRequest({ accountId, edgeId: `edge-${at % 6}`, minNanos: 1_000n, wantNanos: 50_000n });
        return bench.leases.grant(request, TTL_MS);
      }),
    );
    expect(replies.filter(({ outcome }) => outcome === 'granted')).toHaveLength(7);
  });

  it('I10 After all clients leave, available + captured = deposited within 90 s', async () => {
    await bench.setClock(NOW);
    const accountId = await fundAccount(bench, 20_000n);
    await trafficOn(bench, accountId);
    await leaveAndSweep(bench, NOW, TTL_MS + 30_000);
    const balance = await bench.accounts.balance(accountId);
    expect(balance).toMatchObject({ leasedNanos: 0n });
    expect(balance!.availableNanos + balance!.spentNanos).toBe(20_000n);
  });

  it("I11 No process can UPDATE or DELETE a transfer (permission error), including the ledger's own role", async () => {
    for (const sql of ['UPDATE transfer SET amount = 1', 'DELETE FROM transfer', 'TRUNCATE transfer'])
      await expect(bench.asService(sql)).rejects.toMatchObject({ driverError: { code: '42501' } });
    await expect(bench.asOwner('DELETE FROM transfer')).rejects.toThrow('append-only');
    await expect(bench.asOwner('UPDATE transfer SET amount = 1')).rejects.toThrow('append-only');
  });

  it("I13 A price change during a stream does not change that stream's cost", async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const { request } = await askForLease(bench, accountId, 10_000n);
    const admittedBefore = usageEvent(request, 40n);
    const admittedAfter = usageEvent(request, 0n, {
      price: { version: 'dearer', prompt: 0n, completion: 9_000n },
      usage: admittedBefore.usage,
      boundNanos: 360n,
    });
    const applied = await bench.usage.apply([incoming(admittedAfter), incoming(admittedBefore)]);
    expect(applied.map(({ chargedNanos }) => chargedNanos)).toEqual([360n, 40n]);
  });

  it('I14 A generation that returned zero tokens and no finish reason, or `error`, costs the customer 0', async () => {
    const accountId = await fundAccount(bench, 100_000n);
    const { request } = await askForLease(bench, accountId, 10_000n);
    const applied = await bench.usage.apply([
      incoming(usageEvent(request, 500n, { outcome: 'insured', finishReason: 'error' })),
      incoming(usageEvent(request, 0n, { outcome: 'void', finishReason: null })),
    ]);
    expect(applied.map(({ status, chargedNanos }) => `${status} ${chargedNanos}`)).toEqual(['applied 0', 'applied 0']);
    await expect(bench.accounts.balance(accountId)).resolves.toMatchObject({ spentNanos: 0n });
  });

  it('I15 The audit view is empty after every test in the suite', async () => {
    const accountId = await fundAccount(bench, 1_000n);
    await bench.asOwner('UPDATE account SET credits = credits + 1 WHERE owner_id = $1', [accountId]);
    // What runs after every test would have failed here.
    await expect(assertBooksAreSound()).rejects.toThrow('I2 running totals are the sums of transfers (1)');
    await bench.asOwner('UPDATE account SET credits = credits - 1 WHERE owner_id = $1', [accountId]);
    await expect(assertBooksAreSound()).resolves.toBeUndefined();
  });
});
