import { randomUUID } from 'node:crypto';
import { grantRequest, tickets, TTL_MS, usageEvent, usageMessage } from '../builders.js';
import type { LedgerBench } from '../ledger-bench.js';
import { fundAccount } from '../accounts.js';
import { readUsage } from '../../usage/usage-event.js';
import { batchesOf, inParallel, perSecond, type Town } from './town.js';
import { watched, type Watched } from './watch.js';

export interface Result {
  readonly name: string;
  readonly perSecond: number;
  readonly watched?: Watched;
  /** How many were done. */
  readonly count?: number;
}

/** Generations booked in batches, one batch after the other as the consumer does, or several at once as several ledgers would. */
export async function applyGenerations(
  bench: LedgerBench,
  town: Town,
  options: { name: string; generations: number; batchSize: number; consumers: number },
): Promise<Result> {
  const batches = batchesOf(town, options);
  const startedAt = performance.now();
  const { result, watched: seen } = await watched(bench, async () => {
    await inParallel(
      batches,
      async (batch) => {
        const applied = await bench.usage.apply(batch);
        const odd = applied.find(({ status }) => status !== 'applied');
        if (odd) throw new Error(`a generation of the bench is ${odd.status}: ${odd.reason}`);
      },
      options.consumers,
    );
    return perSecond(options.generations, startedAt);
  });
  return {
    name: options.name,
    perSecond: result,
    watched: seen,
    count: options.generations,
  };
}

/** What the process itself does for each before PostgreSQL sees it: reading, checking and pricing the event. */
export function readGenerations(town: Town, count: number): Result {
  const messages = Array.from({ length: count }, () => usageMessage(usageEvent(town.leases[0]!, 100n)).data);
  const startedAt = performance.now();
  for (const message of messages) readUsage(message, tickets);
  return { name: 'events read, checked and priced (no database)', perSecond: perSecond(count, startedAt) };
}

/** Sixteen edges that borrow from one account and give back at once. */
export async function lendAndReturn(bench: LedgerBench, count: number): Promise<Result> {
  const accountId = await fundAccount(bench, 1_000_000_000_000n);
  const keyId = randomUUID();
  const startedAt = performance.now();
  const { result, watched: seen } = await watched(bench, async () => {
    await inParallel(Array.from({ length: count }), async (_, index) => {
      const request = grantRequest({
        accountId,
        keyId,
        edgeId: `edge-${index % 16}`,
        minNanos: 1_000n,
        wantNanos: 1_000n,
      });
      await bench.leases.grant(request, TTL_MS);
      await bench.leases.close({ ...request, keepNanos: 0n });
    });
    return perSecond(count, startedAt);
  });
  return { name: 'grant and return, one account, 16 edges', perSecond: result, watched: seen, count };
}

/** Sixteen edges that top up their leases of one account. */
export async function topUp(bench: LedgerBench, town: Town, count: number): Promise<Result> {
  const startedAt = performance.now();
  const { result, watched: seen } = await watched(bench, async () => {
    await inParallel(Array.from({ length: count }), (_, index) => {
      const lease = town.leases[index % town.leases.length]!;
      return bench.leases.topUp({ ...lease, topUpId: randomUUID(), wantNanos: 1_000n, minNanos: 1_000n });
    });
    return perSecond(count, startedAt);
  });
  return { name: 'top-ups, one account, 16 edges', perSecond: result, watched: seen, count };
}
