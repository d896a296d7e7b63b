import { setTimeout as sleep } from 'node:timers/promises';
import type { Seen } from './clients.js';
import type { FaultStack } from './fault-stack.js';
import { checkMoney, type GiftsAllowed, type MoneyReport } from './money-check.js';

const POLL_MS = 250;

export interface Patience {
  readonly leasesBack?: boolean;
  readonly timeoutMs?: number;
  /** The faults could keep an edge out of reach for seconds after an answer, which makes it free (docs/decisions/0033). */
  readonly giftsAllowed?: GiftsAllowed;
}

/**
 * Check M after a fault: repeated until the money is right or `timeoutMs` is over, because usage, corrections and leases are under
 * way for a while. The last report tells what is wrong.
 */
export async function settledMoney(
  stack: Pick<FaultStack, 'books' | 'upstreamBook'>,
  seen: readonly Seen[],
  { leasesBack = false, timeoutMs = 30_000, giftsAllowed = false }: Patience = {},
): Promise<MoneyReport> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const report = await checkMoney(stack, seen, { leasesBack, giftsAllowed });
    const waiting = await stack.books.waiting();
    if (report.faults.length === 0 && waiting === 0) return report;
    if (performance.now() > deadlineMs)
      return waiting === 0 ? report : { ...report, faults: [...report.faults, `${waiting} estimates still wait`] };
    await sleep(POLL_MS);
  }
}

/** Stops the edges as a deployment does, so that every lease comes back, and checks M with nothing left out. */
export async function finalMoney(
  stack: FaultStack,
  seen: readonly Seen[],
  patience: Omit<Patience, 'leasesBack'> = {},
): Promise<MoneyReport> {
  const edges = stack.processes.filter(({ name }) => name.startsWith('edge'));
  await Promise.all(edges.map((edge) => edge.stop(15_000)));
  return settledMoney(stack, seen, { ...patience, leasesBack: true });
}
