import { UsageEvent } from '@switchyard/contracts';
import fc from 'fast-check';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { fundAccount } from '../testing/accounts.js';
import { generationId, grantRequest, incoming, TTL_MS, usageEvent, type GrantRequest } from '../testing/builders.js';
import { startLedgerBench, type LedgerBench } from '../testing/ledger-bench.js';
import type { Applied } from './usage.repository.js';

const RUNS = 40;
const SEED = Number(process.env['LEDGER_BATCH_SEED'] ?? Date.now() % 2 ** 31);

/** What happens on either side: which lease, which of a few generations, and what the event says. */
interface Step {
  /** Null: the one on which its generation comes usually. */
  readonly lease: number | null;
  readonly generation: number;
  readonly cost: bigint;
  readonly bound: bigint;
  readonly feePpm: number | null;
  readonly outcome: UsageEvent['outcome'];
}
// Few different amounts, so that events repeat each other.
const amount = fc.constantFrom(0n, 1n, 60n, 190n, 400n, 600n);
const step: fc.Arbitrary<Step> = fc.record({
  lease: fc.option(fc.nat(6)),
  generation: fc.nat(7),
  cost: amount,
  bound: amount,
  feePpm: fc.constantFrom(null, null, null, 0, 50_000),
  outcome: fc.constantFrom('final', 'final', 'final', 'estimate', 'estimate', 'insured', 'void'),
});

/** Some of them come again, as they are, later in the batch. */
const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.tuple(step, fc.option(fc.nat(30))), { minLength: 1, maxLength: 25, size: 'max' })
  .map((drawn) => {
    const made: Step[] = [];
    for (const [fresh, again] of drawn) made.push((again === null ? undefined : made[again]) ?? fresh);
    return made;
  });

const said = (generation: number, outcome: Step['outcome'], cost: bigint, lease: number | null = null): Step => ({
  lease,
  generation,
  cost,
  bound: 600n,
  feePpm: null,
  outcome,
});
/** Every way that an event can go: the drawn batches may leave one out, this one never does. */
const EVERY_WAY: Step[] = [
  said(0, 'final', 60n),
  said(0, 'final', 60n),
  said(0, 'final', 190n),
  said(1, 'estimate', 60n),
  said(1, 'final', 190n),
  said(1, 'estimate', 400n),
  said(2, 'final', 60n, 6),
];

/** Two accounts with five leases, of which one is closed and one nearly empty, a lease that is unknown and one of a stranger. */
interface Side {
  readonly accounts: readonly string[];
  readonly grants: readonly GrantRequest[];
  readonly scopes: readonly string[];
  readonly generations: readonly string[];
}

describe(`batches of usage, seed ${SEED}`, () => {
  let bench: LedgerBench;

  const openSide = async (generations: readonly string[]): Promise<Side> => {
    const accounts = [await fundAccount(bench, 2_000n), await fundAccount(bench, 1_500n)];
    const stranger = await fundAccount(bench, 1_000n);
    const scopes = [randomUUID(), randomUUID()];
    const budgets = [
      { scopeId: scopes[0]!, kind: 'key' as const, interval: 'total' as const, capNanos: 1_400n },
      { scopeId: scopes[1]!, kind: 'key' as const, interval: 'daily' as const, capNanos: 100_000n },
    ];
    const keyId = randomUUID();
    const lend = async (accountId: string, nanos: bigint, count: number) => {
      const request = grantRequest({
        accountId,
        keyId,
        wantNanos: nanos,
        minNanos: nanos,
        budgets: budgets.slice(0, count),
      });
      await expect(bench.leases.grant(request, TTL_MS)).resolves.toMatchObject({ outcome: 'granted' });
      return request;
    };
    const grants = [
      await lend(accounts[0]!, 500n, 2),
      await lend(accounts[0]!, 300n, 1),
      await lend(accounts[1]!, 700n, 0),
      await lend(accounts[1]!, 400n, 1),
      await lend(accounts[0]!, 20n, 2),
    ];
    await bench.leases.close({ ...grants[3]!, keepNanos: 0n });
    const foreign = { ...(await lend(stranger, 100n, 0)), accountId: accounts[0]!, keyId };
    grants.push(foreign, { ...foreign, leaseId: randomUUID() });
    return { accounts, grants, scopes, generations };
  };

  const eventsOf = (side: Side, drawn: readonly Step[]) =>
    drawn.map(({ lease, generation, cost, bound, feePpm, outcome }) =>
      incoming(
        usageEvent(side.grants[lease ?? generation % 5]!, cost, {
          generationId: side.generations[generation]!,
          boundNanos: bound,
          ownKey: feePpm === null ? null : { feePpm },
          outcome,
        }),
      ),
    );

  const stateOf = async ({ accounts, grants, scopes, generations }: Side) => ({
    usage: await bench.asService(
      `SELECT outcome, cost_pico, bound, own_key_ppm, charged, lost, corrected_at IS NULL AS first FROM usage_settled
       WHERE generation_id = ANY ($1::text[]) ORDER BY array_position($1::text[], generation_id)`,
      [generations],
    ),
    balances: await Promise.all(accounts.map((accountId) => bench.accounts.balance(accountId))),
    budgets: (
      await bench.asService<object>(
        'SELECT cap, reserved, spent, forced FROM budget WHERE scope_id = ANY ($1::uuid[]) ORDER BY array_position($1::uuid[], scope_id)',
        [scopes],
      )
    ).map((row) => ({ ...row })),
    keys: await bench.asService(
      'SELECT charged, generations, insured, insured_cost, own_key_cost FROM key_spend WHERE key_id = $1',
      [grants[0]!.keyId],
    ),
    leases: await bench.asService(
      `SELECT a.credits, a.debits FROM lease l JOIN account a ON a.id = l.account_id WHERE l.id = ANY ($1::uuid[])
       ORDER BY array_position($1::uuid[], l.id)`,
      [grants.map(({ leaseId }) => leaseId)],
    ),
  });

  beforeAll(async () => {
    bench = await startLedgerBench();
  }, 60_000);

  afterAll(async () => {
    await bench?.stop();
  });

  it('are booked as if their events had come one after the other', async () => {
    const statuses = new Set<string>();
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        // The inbox key is one for all accounts, so each side has generations of its own.
        const names = () => Array.from({ length: 8 }, () => generationId());
        const [together, alone] = [await openSide(names()), await openSide(names())];
        const batch = await bench.usage.apply(eventsOf(together, drawn));
        const single: Applied[] = [];
        for (const event of eventsOf(alone, drawn)) single.push(...(await bench.usage.apply([event])));
        const shown = (applied: readonly Applied[]) =>
          applied.map(({ status, lostNanos, overBoundNanos, insuredNanos, reason }) =>
            [status, lostNanos, overBoundNanos, insuredNanos, reason].join(' '),
          );
        expect(shown(batch)).toEqual(shown(single));
        expect(await stateOf(together)).toEqual(await stateOf(alone));
        for (const { status } of batch) statuses.add(status);
      }),
      { seed: SEED, numRuns: RUNS, examples: [[EVERY_WAY]] },
    );
    await expect(bench.audit.violations()).resolves.toEqual([]);
    expect([...statuses].toSorted()).toEqual([
      'applied',
      'contradiction',
      'corrected',
      'duplicate',
      'quarantined',
      'superseded',
    ]);
  }, 300_000);

  it('book a generation once, on whichever lease it comes at the same moment', async () => {
    const [one, other] = [await openSide([]), await openSide([])];
    const name = generationId();
    const everywhere = [one, other].flatMap(({ grants }) =>
      grants
        .slice(0, 3)
        .map((grant) => [incoming(usageEvent(grant, 90n, { generationId: name })), incoming(usageEvent(grant, 7n))]),
    );
    const applied = (await Promise.all(everywhere.map((batch) => bench.usage.apply(batch)))).flat();
    const booked = applied.filter(({ generationId: id, status }) => id === name && status === 'applied');
    expect(booked).toHaveLength(1);
    expect(applied.filter(({ status }) => status === 'applied')).toHaveLength(7);
    await expect(bench.audit.violations()).resolves.toEqual([]);
  });

  it('begin again when a generation is booked by another batch while they write', async () => {
    const [one, other] = [await openSide([]), await openSide([])];
    const known = usageEvent(one.grants[0]!, 90n, { outcome: 'insured' });
    await bench.usage.apply([incoming(known)]);
    const late = usageEvent(other.grants[0]!, 90n, { outcome: 'insured' });
    const rival = new Client({ connectionString: bench.ownerUrl, options: '-c search_path=ledger' });
    await rival.connect();
    try {
      await rival.query('BEGIN');
      await rival.query(
        `INSERT INTO usage SELECT (jsonb_populate_record(u, jsonb_build_object('generation_id', $2::text))).*
         FROM usage u WHERE generation_id = $1`,
        [known.generationId, late.generationId],
      );
      const batch = bench.usage.apply([incoming(late)]);
      await waitUntil(
        async () => {
          const waiting = await bench.asOwner(
            `SELECT 1 FROM pg_stat_activity WHERE application_name = 'ledger' AND wait_event_type = 'Lock'`,
          );
          return waiting.length > 0;
        },
        { what: 'the batch waits', intervalMs: 5 },
      );
      await rival.query('COMMIT');
      await expect(batch).resolves.toMatchObject([{ status: 'contradiction', insuredNanos: 0n }]);
    } finally {
      await rival.end();
    }
    await expect(
      bench.asService('SELECT 1 FROM key_spend WHERE key_id = $1', [other.grants[0]!.keyId]),
    ).resolves.toEqual([]);
  });
});
