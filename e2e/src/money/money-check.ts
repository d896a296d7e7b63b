import type { BookEntry } from '@switchyard/testing';
import { bookNanos } from './book-price.js';
import type { BookedUsage } from './books.js';
import type { Seen } from './clients.js';
import type { FaultStack } from './fault-stack.js';

/** What became of each request that a provider has in its book. */
export interface MoneyReport {
  /** Sentences about what must not be; empty when the money is right. */
  readonly faults: readonly string[];
  /** Requests in the providers' books. */
  readonly booked: number;
  /** Paid as the client saw them: the sum of the provider's own count. */
  readonly charged: { readonly count: number; readonly nanos: bigint };
  /**
   * The client saw the end and pays nothing: its edge was out of reach of everybody for so long that the worker had to take it for
   * dead (docs/decisions/0033). Given away by the house; nothing else may explain it.
   */
  readonly givenAway: readonly string[];
  /** Generations with their ids: nobody saw their end, and this is who pays. */
  readonly insured: readonly string[];
  readonly estimates: readonly string[];
  /** The client left or was cut, and the provider's own figures came. */
  readonly finalUnseen: readonly string[];
  /** Attempts that another one replaced, and calls that cost nobody anything. */
  readonly unbilled: readonly string[];
  readonly revenueNanos: bigint;
  readonly houseLossNanos: bigint;
}

export interface MoneyFacts {
  readonly seen: readonly Seen[];
  readonly book: readonly BookEntry[];
  readonly usage: readonly BookedUsage[];
  /** Generation by label, from the records of the edges, for clients that never saw an id. */
  readonly labels: ReadonlyMap<string, string>;
}

/** Check M for the money itself: every request of the providers' books is accounted for, at most once and at most its bound. */
export function accountFor({
  seen,
  book,
  usage,
  labels,
}: MoneyFacts): Omit<MoneyReport, 'revenueNanos' | 'houseLossNanos'> {
  const faults: string[] = [];
  const usageOf = new Map(usage.map((each) => [each.generationId, each]));
  const generationOf = new Map([...labels].map(([generation, label]) => [label, generation]));
  for (const { ask, generationId } of seen) if (generationId) generationOf.set(ask.label, generationId);
  const seenOf = new Map(seen.map((each) => [each.ask.label, each]));
  const known = new Set(generationOf.values());
  const sorted = {
    givenAway: [] as string[],
    insured: [] as string[],
    estimates: [] as string[],
    finalUnseen: [] as string[],
    unbilled: [] as string[],
  };
  let count = 0;
  let nanos = 0n;

  for (const each of usage) {
    if (each.paidNanos > each.boundNanos)
      faults.push(`${each.generationId} paid ${each.paidNanos}, more than its bound ${each.boundNanos}`);
    if ((each.outcome === 'insured' || each.outcome === 'void') && each.paidNanos !== 0n)
      faults.push(`${each.generationId} is ${each.outcome} and paid ${each.paidNanos}`);
  }
  for (const each of seen) {
    const booked = usageOf.get(generationOf.get(each.ask.label) ?? '');
    const fault = each.how === 'whole' ? unlikeTheBook(each, booked, book) : chargedForNothing(each, booked);
    if (fault) faults.push(`${each.ask.label} (${booked?.generationId ?? 'no usage'}): ${fault}`);
    if (each.how !== 'whole' || !booked) continue;
    if (booked.outcome === 'insured') sorted.givenAway.push(booked.generationId);
    count += 1;
    nanos += booked.paidNanos;
  }
  for (const entry of book) {
    const client = seenOf.get(entry.label ?? '');
    const id = generationOf.get(entry.label ?? '');
    const booked = usageOf.get(id ?? '');
    const name = id ?? `request ${entry.id} (${entry.label ?? 'without a label'})`;
    if (!booked || booked.upstreamId !== entry.upstreamId) sorted.unbilled.push(name);
    if (!booked || client?.how === 'whole') continue;
    if (booked.outcome === 'insured' || booked.outcome === 'void') sorted.insured.push(name);
    else if (booked.outcome === 'estimate') sorted.estimates.push(name);
    else sorted.finalUnseen.push(name);
  }
  faults.push(...nobodysUsage({ seen, book, usage }, known));
  const unique = Object.fromEntries(
    Object.entries(sorted).map(([name, ids]) => [name, [...new Set(ids)]]),
  ) as typeof sorted;
  return { faults, booked: book.length, charged: { count, nanos }, ...unique };
}

/**
 * Usage that no client and no provider can be found for. A client that left before the first byte has no id, and an edge that was
 * killed then leaves no record: each such client stands for one generation.
 */
function nobodysUsage({ seen, book, usage }: Omit<MoneyFacts, 'labels'>, known: ReadonlySet<string>): string[] {
  const upstreamIds = new Set(book.map(({ upstreamId }) => upstreamId));
  const foundlings = usage.filter(
    ({ generationId, paidNanos, upstreamId }) =>
      paidNanos > 0n && !known.has(generationId) && (upstreamId === null || !upstreamIds.has(upstreamId)),
  );
  const nameless = seen.filter(({ how, generationId }) => generationId === null && (how === 'left' || how === 'cut'));
  return foundlings
    .slice(nameless.length)
    .map(({ generationId, paidNanos }) => `${generationId} paid ${paidNanos} and no client and no provider knows it`);
}

/** A client that saw the end pays what the provider counted, and was told so. */
function unlikeTheBook(seen: Seen, booked: BookedUsage | undefined, book: readonly BookEntry[]): string | null {
  if (!booked)
    return `the client saw the end, ${(seen.endedAtMs / 1_000).toFixed(1)} s on the clock at edge ${seen.ask.edge}, and nothing is booked`;
  const entry = book.find(({ upstreamId }) => upstreamId !== null && upstreamId === booked.upstreamId);
  if (!entry) return `no provider has ${booked.upstreamId} in its book`;
  if (entry.label !== seen.ask.label) return `pays for the request of ${entry.label}`;
  if (booked.outcome === 'insured') return null;
  // What the provider reports wrongly on purpose is no measure; it is held to the bound like all else.
  const due = seen.ask.fault?.includes('usage=') ? null : bookNanos(entry, booked.price);
  if (booked.paidNanos + booked.lostNanos !== (due ?? booked.costNanos))
    return `paid ${booked.paidNanos}, lost ${booked.lostNanos}, and the provider's book says ${due}`;
  const owed = booked.costNanos < booked.boundNanos ? booked.costNanos : booked.boundNanos;
  if (seen.costNanos !== null && seen.costNanos !== owed) return `was told ${seen.costNanos} and owes ${owed}`;
  return null;
}

/** A client that saw an error pays nothing; one that left or was cut pays at most its bound, which is checked for all. */
function chargedForNothing({ how }: Seen, booked: BookedUsage | undefined): string | null {
  const error = how === 'error event' || how === 'http error' || how === 'refused';
  return error && booked && booked.paidNanos !== 0n ? `saw an ${how} and paid ${booked.paidNanos}` : null;
}

/** Answers that may be free although their client saw the end (docs/decisions/0033): all, none, or these generations. */
export type GiftsAllowed = boolean | ReadonlySet<string>;

/** The whole check M: waits for what is under way, then looks at everything. */
export async function checkMoney(
  { books, upstreamBook }: Pick<FaultStack, 'books' | 'upstreamBook'>,
  seen: readonly Seen[],
  { leasesBack, giftsAllowed = false }: { readonly leasesBack: boolean; readonly giftsAllowed?: GiftsAllowed },
): Promise<MoneyReport> {
  const faults = (await books.violations()).map(({ invariant, count }) => `audit: ${invariant}: ${count}`);
  for (const ref of await books.paidTwice()) faults.push(`${ref} was booked twice`);
  for (const { generationId, reason } of await books.quarantined())
    faults.push(`quarantine: ${generationId ?? 'unreadable'}: ${reason}`);
  const totals = await books.totals();
  const left = totals.available + totals.leased + totals.revenue - totals.houseLoss;
  if (totals.deposited !== left) faults.push(`deposited ${totals.deposited}, accounted for ${left}`);
  if (leasesBack)
    for (const { id, edge, balanceNanos } of await books.openLeases())
      faults.push(`lease ${id} of ${edge} is still open with ${balanceNanos}`);
  const facts = { seen, book: await upstreamBook(), usage: await books.usage(), labels: await books.labels() };
  const accounts = accountFor(facts);
  const known = (id: string) => giftsAllowed === true || (giftsAllowed !== false && giftsAllowed.has(id));
  for (const id of accounts.givenAway)
    if (!known(id)) faults.push(`${id} was given away although its client saw the end`);
  return {
    ...accounts,
    faults: [...faults, ...accounts.faults],
    revenueNanos: totals.revenue,
    houseLossNanos: totals.houseLoss,
  };
}
