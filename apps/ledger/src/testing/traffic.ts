import type { UsageEvent } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { GRACE_MS, incoming, usageEvent } from './builders.js';
import { askForLease } from './accounts.js';
import type { LedgerBench } from './ledger-bench.js';

const EDGES = 5;
const ROUNDS = 6;
const LEASE_NANOS = 1_000n;

/**
 * Edges that borrow from one account at the same time, use what they have, deliver it twice and in any order, top up, return and
 * crash. Answers every event that reached the ledger. What it draws is random: nothing that is asserted may depend on it.
 */
export async function trafficOn(bench: LedgerBench, accountId: string): Promise<readonly UsageEvent[]> {
  const edges = await Promise.all(Array.from({ length: EDGES }, () => edgeOn(bench, accountId)));
  return edges.flat();
}

async function edgeOn(bench: LedgerBench, accountId: string): Promise<UsageEvent[]> {
  const delivered: UsageEvent[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { request, reply } = await askForLease(bench, accountId, LEASE_NANOS);
    if (reply.outcome === 'refused') continue;
    // Some cost more than there is in the lease: that is the user's and then the house's.
    const events = [below(400), below(400), below(900)].map((cost) =>
      usageEvent(request, BigInt(cost), { outcome: below(5) === 0 ? 'insured' : 'final' }),
    );
    delivered.push(...events);
    const again = delivered.filter(() => below(3) === 0);
    await Promise.all([
      bench.usage.apply(shuffled([...events, ...again]).map((event) => incoming(event))),
      bench.usage.apply(shuffled([...events, ...again]).map((event) => incoming(event))),
      bench.leases.topUp({ ...request, topUpId: randomUUID(), wantNanos: 200n, minNanos: 0n }),
    ]);
    const ending = below(3);
    if (ending === 0) await bench.leases.close({ ...request, keepNanos: 0n });
    if (ending === 1) await bench.leases.close({ ...request, keepNanos: BigInt(below(300)) });
  }
  return delivered;
}

/** What happens when nobody renews anything any more. Answers how many leases it closed. */
export async function leaveAndSweep(bench: LedgerBench, now: Date, afterMs: number): Promise<number> {
  await bench.setClock(new Date(now.getTime() + afterMs));
  let closed = 0;
  for (const leaseId of await bench.leases.due(GRACE_MS, 1_000))
    if (await bench.leases.expire(leaseId, GRACE_MS)) closed += 1;
  return closed;
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
