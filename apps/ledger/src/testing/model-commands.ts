import fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { generationId, grantRequest } from './builders.js';
import type { GrantRequest, LedgerUnderTest, UsageClaim } from './ledger-under-test.js';

/** A lease as its edge knows it, with the generations that it admitted. */
interface EdgeLease {
  readonly grant: GrantRequest;
  granted: bigint;
  returned: bigint;
  held: bigint;
  charged: bigint;
  /** The edge that had it is gone, or has given it back. */
  lost: boolean;
}
/** What the edge may still admit against. */
const roomOf = ({ granted, returned, charged, held }: EdgeLease): bigint => granted - returned - charged - held;

interface Running extends UsageClaim {
  readonly lease: EdgeLease;
}

/** What the world outside the ledger knows; every ledger is driven the same way and must answer the same. */
export class World {
  now = Date.UTC(2026, 10, 29, 22, 0);
  readonly accounts = [randomUUID(), randomUUID()];
  readonly scopeIds = [randomUUID(), randomUUID()];
  readonly caps = [6_000n, 12_000n];
  readonly deposits: [string, bigint, string][] = [];
  readonly refunds: [string, string, bigint, string][] = [];
  readonly leases: EdgeLease[] = [];
  readonly running: Running[] = [];
  readonly delivered: Running[] = [];
  readonly charged = new Map<string, bigint>();
  promos = 0;
  /** What the ledgers have answered, so that a test can see that nothing is never tried. */
  readonly answers = new Set<string>();
}
export type Ledgers = readonly LedgerUnderTest[];

/** Asks every ledger and answers what they agree on. */
async function agreed<T>(ledgers: Ledgers, ask: (ledger: LedgerUnderTest) => Promise<T>): Promise<T> {
  const [first, ...others] = await Promise.all(ledgers.map((ledger) => ask(ledger)));
  for (const other of others) assert.deepEqual(other, first);
  return first as T;
}

type Run = (world: World, ledgers: Ledgers) => Promise<void>;
const command = (name: string, run: Run): fc.AsyncCommand<World, Ledgers> => ({
  check: () => true,
  run,
  toString: () => name,
});
const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];

// Without bias, because small amounts exhaust neither credit nor budgets.
const amount = fc.noBias(fc.bigInt({ min: 1n, max: 3_000n }));
const index = fc.noBias(fc.nat(30));
/** True once in so many times. */
const onceIn = (times: number) => fc.noBias(fc.nat(times - 1)).map((chance) => chance === 0);

const deposit = fc.tuple(index, amount).map(([at, nanos]) =>
  command(`deposit ${nanos}`, async (world, ledgers) => {
    const entry: [string, bigint, string] = [pick(world.accounts, at)!, nanos, randomUUID()];
    world.deposits.push(entry);
    assert.equal(await agreed(ledgers, (ledger) => ledger.deposit(...entry)), 'created');
  }),
);

const depositAgain = fc.tuple(index, fc.boolean()).map(([at, otherAmount]) =>
  command(`deposit again${otherAmount ? ' with another amount' : ''}`, async (world, ledgers) => {
    const known = pick(world.deposits, at);
    if (!known) return;
    const [account, nanos, id] = known;
    const reply = await agreed(ledgers, (ledger) => ledger.deposit(account, otherAmount ? nanos + 1n : nanos, id));
    assert.equal(reply, otherAmount ? 'conflict' : 'known');
  }),
);

/** More than an account has, now and then. */
const much = fc.oneof({ weight: 6, arbitrary: amount }, { weight: 1, arbitrary: fc.constantFrom(15_000n, 40_000n) });
const grant = fc
  .tuple(index, amount, much, fc.nat(3), fc.constantFrom('daily', 'weekly', 'monthly', 'total'))
  .map(([at, want, min, scopes, interval]) =>
    command(`grant ${min}..${want} ${scopes} ${interval}`, async (world, ledgers) => {
      const budgets = world.scopeIds
        .filter((_, bit) => (scopes & (1 << bit)) !== 0)
        .map((scopeId, bit) => ({ scopeId, kind: 'key' as const, interval, capNanos: world.caps[bit]! }));
      const accountId = pick(world.accounts, at)!;
      const request = grantRequest({ accountId, wantNanos: want, minNanos: min, budgets });
      const reply = await agreed(ledgers, (ledger) => ledger.grant(request));
      world.answers.add(`grant ${reply.outcome === 'refused' ? reply.reason : reply.outcome}`);
      if (reply.outcome !== 'granted') return;
      assert(reply.grantedNanos >= min);
      world.leases.push({
        grant: request,
        granted: reply.grantedNanos,
        returned: 0n,
        held: 0n,
        charged: 0n,
        lost: false,
      });
    }),
  );

const grantAgain = index.map((at) =>
  command('grant again', async (world, ledgers) => {
    const lease = pick(world.leases, at);
    if (lease) await agreed(ledgers, (ledger) => ledger.grant(lease.grant));
  }),
);

const topUp = fc
  .tuple(index, fc.constantFrom(0n, 300n, 1_000n, 3_000n), fc.constantFrom(0n, 100n, 500n, 2_000n))
  .map(([at, want, min]) =>
    command(`top up ${min}..${want}`, async (world, ledgers) => {
      const lease = pick(world.leases, at);
      if (!lease || lease.lost) return;
      const { leaseId, edgeEpoch } = lease.grant;
      const request = { leaseId, edgeEpoch, topUpId: randomUUID(), wantNanos: want, minNanos: min };
      const reply = await agreed(ledgers, (ledger) => ledger.topUp(request));
      if (reply.outcome === 'granted') {
        lease.granted = reply.grantedNanos;
        if (reply.ttlMs > 0) assert.deepEqual(await agreed(ledgers, (ledger) => ledger.topUp(request)), reply);
      }
      if (reply.outcome === 'gone') lease.lost = true;
    }),
  );

/** How generations end: mostly with the real usage, else by an estimate of the worker or of the edge, or insured. */
const ENDINGS = ['final', 'final', 'final', 'estimate', 'edge estimate', 'insured'] as const;
const admit = fc
  .tuple(index, amount, fc.noBias(fc.nat(120)), fc.constantFrom(...ENDINGS))
  .map(([at, most, percent, ending]) =>
    command(`admit ${most} for ${percent} % ${ending}`, async (world) => {
      const lease = pick(world.leases, at);
      if (!lease || lease.lost) return;
      const free = roomOf(lease);
      const bound = free < most ? free : most;
      if (bound <= 0n) return;
      lease.held += bound;
      const costNanos = (bound * BigInt(percent)) / 100n;
      const outcome = ending === 'edge estimate' ? 'estimate' : ending;
      const { leaseId } = lease.grant;
      world.running.push({
        generationId: generationId(),
        leaseId,
        grant: lease.grant,
        lease,
        boundNanos: bound,
        costNanos,
        outcome,
        waits: ending === 'edge estimate',
      });
    }),
  );

async function deliver(world: World, ledgers: Ledgers, claims: readonly Running[]): Promise<void> {
  const settled = await agreed(ledgers, (ledger) => ledger.apply(claims));
  for (const [at, claim] of claims.entries()) {
    const { status, chargedNanos } = settled[at]!;
    world.answers.add(`usage ${status}`);
    if (status === 'pending') continue;
    const { lease } = claim;
    const before = world.charged.get(claim.generationId);
    world.charged.set(claim.generationId, chargedNanos);
    // I14, and nobody is charged above the price or above the bound.
    if (status === 'applied' || status === 'corrected') {
      const most = claim.costNanos < claim.boundNanos ? claim.costNanos : claim.boundNanos;
      assert(chargedNanos <= (claim.outcome === 'insured' ? 0n : most));
      // Section 5 of the proof: whatever an edge admitted against an open lease is paid in full.
      if (status === 'applied' && !lease.lost && claim.outcome !== 'insured') assert.equal(chargedNanos, most);
    } else assert.equal(chargedNanos, before ?? chargedNanos);
    // I4: once, and only an estimate is ever corrected.
    if (before !== undefined) assert.notEqual(status, 'applied');
    if (before !== undefined || status !== 'applied') continue;
    lease.held -= claim.boundNanos;
    lease.charged += chargedNanos;
  }
  world.delivered.push(...claims);
}

const capture = fc.tuple(index, fc.integer({ min: 1, max: 5 })).map(([at, count]) =>
  command(`capture ${count} from ${at}`, async (world, ledgers) => {
    const start = at % Math.max(1, world.running.length);
    const claims = world.running.splice(start, count).reverse();
    if (claims.length > 0) await deliver(world, ledgers, claims);
  }),
);

const duplicate = fc.tuple(index, fc.boolean()).map(([at, withFresh]) =>
  command('duplicate', async (world, ledgers) => {
    const old = pick(world.delivered, at);
    if (!old) return;
    const fresh = withFresh ? world.running.splice(0, 1) : [];
    await deliver(world, ledgers, [old, ...fresh, ...fresh, old]);
  }),
);

const realUsage = fc.tuple(index, fc.noBias(fc.nat(140)), onceIn(4)).map(([at, percent, twice]) =>
  command(`real usage of what was estimated${twice ? ', told twice' : ''}`, async (world, ledgers) => {
    const estimate = pick(
      world.delivered.filter(({ outcome }) => outcome === 'estimate'),
      at,
    );
    if (!estimate) return;
    const costNanos = (estimate.boundNanos * BigInt(percent)) / 100n;
    const real: Running = { ...estimate, outcome: 'final', waits: false, costNanos };
    await deliver(world, ledgers, twice ? [real, real] : [real]);
  }),
);

const refund = fc.tuple(index, amount, onceIn(3)).map(([at, nanos, again]) =>
  command(`refund ${nanos}${again ? ' again' : ''}`, async (world, ledgers) => {
    const known = again ? pick(world.refunds, at) : undefined;
    const of = pick(world.deposits, at);
    if (!known && !of) return;
    const entry = known ?? ([of![0], of![2], nanos, randomUUID()] as [string, string, bigint, string]);
    const outcome = await agreed(ledgers, (ledger) => ledger.refund(...entry));
    world.answers.add(`refund ${outcome}`);
    if (known) assert.equal(outcome, 'known');
    else if (outcome === 'created') world.refunds.push(entry);
  }),
);

const HOUR_MS = 3_600_000;
// Some end while leases from before are open, some after all of them.
const PROMO_TIMES_MS = [4_000, 15_000, 40_000, HOUR_MS, 26 * HOUR_MS];
const promo = fc.tuple(index, amount, fc.constantFrom(...PROMO_TIMES_MS)).map(([at, nanos, forMs]) =>
  command(`promotional credit ${nanos} for ${forMs} ms`, async (world, ledgers) => {
    // Two that end in the same moment may be used up in either order.
    world.promos += 1;
    const expiresAt = world.now + forMs + world.promos;
    const entry = [pick(world.accounts, at)!, nanos, randomUUID(), expiresAt] as const;
    assert.equal(await agreed(ledgers, (ledger) => ledger.grantPromo(...entry)), 'created');
    assert.equal(await agreed(ledgers, (ledger) => ledger.grantPromo(...entry)), 'known');
  }),
);

const close = fc.tuple(index, onceIn(3)).map(([at, all]) =>
  command(`close${all ? '' : ' but keep what runs'}`, async (world, ledgers) => {
    const lease = pick(world.leases, at);
    if (!lease) return;
    const { leaseId, edgeEpoch } = lease.grant;
    lease.lost = lease.lost || all || lease.held === 0n;
    await agreed(ledgers, (ledger) => ledger.close(leaseId, all ? 0n : lease.held, edgeEpoch));
    if (!all) lease.granted = lease.charged + lease.held + lease.returned;
  }),
);

const giveBack = fc.tuple(index, fc.nat(100), fc.boolean()).map(([at, percent, late]) =>
  command(`give back ${percent} %${late ? ', an old message last' : ''}`, async (world, ledgers) => {
    const lease = pick(world.leases, at);
    if (!lease || lease.lost || roomOf(lease) <= 0n) return;
    const { leaseId, edgeEpoch } = lease.grant;
    const before = lease.returned;
    lease.returned += (roomOf(lease) * BigInt(percent)) / 100n;
    for (const told of [lease.returned, late ? before : lease.returned])
      await agreed(ledgers, (ledger) => ledger.giveBack(leaseId, told, edgeEpoch));
  }),
);

const crash = index.map((at) =>
  command('crash of an edge', async (world) => {
    const lease = pick(world.leases, at);
    if (lease) lease.lost = true;
  }),
);

const WAITS_MS = [1_000, 1_000, 5_000, 5_000, 20_000, 20_000, 30_000, 61_000, 95_000, 3_601_000, 7_200_000, 86_400_000];
const wait = fc.constantFrom(...WAITS_MS).map((ms) =>
  command(`wait ${ms} ms and sweep`, async (world, ledgers) => {
    world.now += ms;
    // The edge's own deadline is before that of the ledger.
    if (ms >= 30_000) for (const lease of world.leases) lease.lost = true;
    await agreed(ledgers, (ledger) => ledger.setNow(world.now));
    await agreed(ledgers, (ledger) => ledger.sweep());
    for (const booked of await agreed(ledgers, (ledger) => ledger.bookWaiting()))
      world.answers.add(`waited ${booked.split(' ')[1]}`);
    if ((await agreed(ledgers, (ledger) => ledger.expirePromos())) > 0n)
      world.answers.add('promotional credit expired');
  }),
);

const changeCap = fc.tuple(index, fc.noBias(fc.bigInt({ min: 0n, max: 16_000n }))).map(([at, cap]) =>
  command(`cap ${cap}`, async (world) => {
    world.caps[at % world.caps.length] = cap;
  }),
);

/** Everybody agrees on all balances and budgets, and no customer paid more than the cost. */
export async function compare(world: World, ledgers: Ledgers): Promise<void> {
  for (const accountId of world.accounts) await agreed(ledgers, (ledger) => ledger.balance(accountId));
  await agreed(ledgers, (ledger) => ledger.scopes(world.scopeIds));
}

export const commandArbitraries = [
  deposit,
  depositAgain,
  grant,
  grant,
  grant,
  grantAgain,
  topUp,
  admit,
  admit,
  admit,
  admit,
  capture,
  capture,
  duplicate,
  realUsage,
  realUsage,
  refund,
  promo,
  close,
  giveBack,
  crash,
  wait,
  changeCap,
];
