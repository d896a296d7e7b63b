import type { CachedAnswer } from './cached-answer.js';

/** The answer of the request that runs; null when there will be none to share. Never rejects. */
type Flight = Promise<CachedAnswer | null>;

/** Tells those who wait; null sends them on to lead themselves. */
export type Land = (answer: CachedAnswer | null) => void;

/** Identical requests that run in this process at this moment: one may wait for what another is about to get. */
export class Flights {
  private readonly running = new Map<string, Flight>();

  get size(): number {
    return this.running.size;
  }

  of(address: string): Flight | null {
    return this.running.get(address) ?? null;
  }

  /** Leads: others can wait for its answer from now on. Of several that lead at once the last one is found. */
  lead(address: string): Land {
    const { promise, resolve } = Promise.withResolvers<CachedAnswer | null>();
    this.running.set(address, promise);
    return (answer) => {
      // Before anybody wakes up: the first of them leads next, and the others have to find that one.
      if (this.running.get(address) === promise) this.running.delete(address);
      resolve(answer);
    };
  }
}
