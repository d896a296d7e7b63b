import type { BudgetScope } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import type { Incoming } from '../../usage/usage.repository.js';
import { fundAccount } from '../accounts.js';
import { grantRequest, incoming, TTL_MS, usageEvent, type GrantRequest } from '../builders.js';
import type { LedgerBench } from '../ledger-bench.js';

const DEPOSIT_NANOS = 1_000_000_000_000n;
const LEASE_NANOS = 10_000_000_000n;
const PARALLEL_CALLS = 16;

/** Leases to bill on, and what lending them took. */
export interface Town {
  readonly leases: readonly GrantRequest[];
  readonly grantsPerSecond: number;
}

/** Does each piece of work once, so many at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<unknown>,
  parallel = PARALLEL_CALLS,
): Promise<void> {
  const rest = items.entries();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const [index, item] of rest) await work(item, index);
    }),
  );
}

export const perSecond = (count: number, startedAt: number): number =>
  Math.round((count * 1_000) / (performance.now() - startedAt));

/** Budgets without an end to them: what is measured is their rows, not their refusals. */
export const wideBudgets = (count: number): BudgetScope[] =>
  Array.from({ length: count }, () => ({
    scopeId: randomUUID(),
    kind: 'account',
    interval: 'monthly',
    capNanos: DEPOSIT_NANOS * 1_000n,
  }));

/** Opens accounts and lends each of them leases: one account with 16 edges, or thousands with one each. */
export async function foundTown(
  bench: LedgerBench,
  options: { accounts: number; leasesPerAccount: number; budgets?: readonly BudgetScope[] },
): Promise<Town> {
  const accounts: string[] = [];
  await inParallel(Array.from({ length: options.accounts }), async () => {
    accounts.push(await fundAccount(bench, DEPOSIT_NANOS * BigInt(options.leasesPerAccount)));
  });
  const leases = accounts.flatMap((accountId) =>
    Array.from({ length: options.leasesPerAccount }, (_, edge) =>
      grantRequest({
        accountId,
        edgeId: `edge-${edge}`,
        wantNanos: LEASE_NANOS,
        minNanos: LEASE_NANOS,
        budgets: [...(options.budgets ?? [])],
      }),
    ),
  );
  const startedAt = performance.now();
  await inParallel(leases, (lease) => bench.leases.grant(lease, TTL_MS));
  return { leases, grantsPerSecond: perSecond(leases.length, startedAt) };
}

/** Batches as the stream delivers them: generations of all leases mixed. */
export function batchesOf(town: Town, options: { generations: number; batchSize: number }): Incoming[][] {
  const all = Array.from({ length: options.generations }, () => {
    const lease = town.leases[Math.floor(Math.random() * town.leases.length)]!;
    return incoming(usageEvent(lease, BigInt(1 + Math.floor(Math.random() * 1_000))));
  });
  return Array.from({ length: Math.ceil(all.length / options.batchSize) }, (_, at) =>
    all.slice(at * options.batchSize, (at + 1) * options.batchSize),
  );
}
