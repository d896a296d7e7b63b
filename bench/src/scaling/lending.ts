import type { Costs } from './cost.js';

/** As edges keep their leases (apps/edge/src/credit): returned after so much silence, renewed after half of their life. */
const IDLE_S = 15;
const RENEWED_AFTER_S = 30;

export interface Lending {
  /** Of which an edge has a lease, in the mean over all edges together. */
  readonly openLeases: number;
  readonly grantsPerSecond: number;
  readonly renewalsPerSecond: number;
  /** Processors of PostgreSQL that only lend and take back. */
  readonly cores: number;
}

/**
 * What lending costs: a lease belongs to one edge and one key, so it depends on how many edges the requests of a key reach.
 * Requests of a pair come by chance; a lease lives from the first one to a silence of `IDLE_S`. Top-ups of keys that spend much come
 * on top of the renewals.
 */
export function lendingOf(
  { books }: Costs,
  { perSecond, keys, edgesPerKey }: { perSecond: number; keys: number; edgesPerKey: number },
): Lending {
  const pairs = keys * edgesPerKey;
  const rate = perSecond / pairs;
  // A silence that is long enough follows a request with this probability, and then the next one has to borrow again.
  const endsIt = Math.exp(-rate * IDLE_S);
  const grantsPerSecond = perSecond * endsIt;
  // A pair has a lease while the last request is less than IDLE_S ago.
  const openLeases = pairs * (1 - endsIt);
  const renewalsPerSecond = openLeases / RENEWED_AFTER_S;
  return {
    openLeases,
    grantsPerSecond,
    renewalsPerSecond,
    cores: (grantsPerSecond * books.grantAndReturnUs + renewalsPerSecond * books.topUpUs) / 1_000_000,
  };
}
