import type { HeardBeat } from './worker-beat.js';

interface Connection {
  readonly address: string;
  missed: number;
  /** The worker's clock less ours, never more than it really is. */
  aheadMs: number;
}

interface Entry {
  missed: number;
  hasRoom: boolean;
  /** It did not answer in time, or had no room, and has not been heard since. */
  doubted: boolean;
  readonly connections: Map<string, Connection>;
}

/** A connection of a worker that may begin a stream without a claim. */
export interface Starter {
  readonly worker: string;
  readonly address: string;
  /** The worker's clock less ours, never more than it really is. */
  readonly aheadMs: number;
}

/** A connection is asked to begin as long as no more heartbeats of it are missing. */
const MISSED_BEATS_TO_START = 1;
/** How much of what was known of a clock is forgotten with a heartbeat: far more than two clocks drift apart between two. */
const FORGOTTEN_MS = 1;

/**
 * The workers whose heartbeats are heard, by provider: who may begin at once, and whom to ask directly when the queue group gave a call to
 * a frozen one.
 */
export class WorkerDirectory {
  private readonly providers = new Map<string, Map<string, Entry>>();
  private readonly starters = new Map<string, readonly Starter[]>();
  /** Intervals since somebody was heard for the first time, or again after everybody had fallen silent. */
  private heardFor = 0;
  private known: ReadonlySet<string> | null = null;

  constructor(private readonly missedBeats: number) {}

  /** @param nowMs our own clock */
  beat(provider: string, worker: string, { hasRoom, connection }: HeardBeat, nowMs: number): void {
    const entry = this.entryOf(provider, worker);
    Object.assign(entry, { missed: 0, hasRoom, doubted: false });
    if (connection) {
      const { address, clockMs } = connection;
      // A heartbeat that took its time makes the clock look slower than it is, so the best one counts.
      const knownMs = (entry.connections.get(address)?.aheadMs ?? -Infinity) - FORGOTTEN_MS;
      entry.connections.set(address, { address, missed: 0, aheadMs: Math.max(clockMs - nowMs, knownMs) });
    }
    this.starters.delete(provider);
  }

  /** One interval of heartbeats has passed; answers the workers that have missed too many. */
  tick(): string[] {
    const gone: string[] = [];
    this.starters.clear();
    for (const [provider, workers] of this.providers) {
      for (const [worker, entry] of workers) {
        entry.missed += 1;
        for (const connection of entry.connections.values()) this.missOne(entry, connection);
        if (entry.missed <= this.missedBeats) continue;
        workers.delete(worker);
        gone.push(worker);
      }
      if (workers.size > 0) continue;
      this.providers.delete(provider);
      this.known = null;
    }
    this.heardFor = this.providers.size === 0 ? 0 : this.heardFor + 1;
    return gone;
  }

  /** The worker did not answer in time, or had no room: until it is heard again, it begins nothing without a claim. */
  doubt(provider: string, worker: string): void {
    const entry = this.providers.get(provider)?.get(worker);
    if (!entry) return;
    entry.doubted = true;
    this.starters.delete(provider);
  }

  /** A connection of a worker with room that was heard lately, at random; null if there is none. */
  starter(provider: string): Starter | null {
    let starters = this.starters.get(provider);
    if (!starters) this.starters.set(provider, (starters = this.findStarters(provider)));
    return starters[Math.floor(Math.random() * starters.length)] ?? null;
  }

  /**
   * The providers of which a worker is heard; null while that says nothing: before everybody has had the time to be heard, and when
   * nobody is, because then it is rather this process that cannot hear.
   */
  served(): ReadonlySet<string> | null {
    if (this.heardFor < this.missedBeats) return null;
    return (this.known ??= new Set(this.providers.keys()));
  }

  /** Up to `count` workers with room, those first that were heard last, otherwise in random order. */
  choose(provider: string, count: number): string[] {
    const candidates: { readonly worker: string; readonly rank: number }[] = [];
    for (const [worker, { missed, hasRoom }] of this.providers.get(provider) ?? []) {
      if (hasRoom) candidates.push({ worker, rank: missed + Math.random() });
    }
    candidates.sort((one, other) => one.rank - other.rank);
    return candidates.slice(0, count).map(({ worker }) => worker);
  }

  private entryOf(provider: string, worker: string): Entry {
    let workers = this.providers.get(provider);
    if (!workers) {
      this.providers.set(provider, (workers = new Map()));
      this.known = null;
    }
    let entry = workers.get(worker);
    if (!entry) workers.set(worker, (entry = { missed: 0, hasRoom: false, doubted: false, connections: new Map() }));
    return entry;
  }

  private missOne({ connections }: Entry, connection: Connection): void {
    connection.missed += 1;
    if (connection.missed > this.missedBeats) connections.delete(connection.address);
  }

  private findStarters(provider: string): Starter[] {
    const starters: Starter[] = [];
    for (const [worker, { hasRoom, doubted, connections }] of this.providers.get(provider) ?? []) {
      if (!hasRoom || doubted) continue;
      for (const { address, missed, aheadMs } of connections.values())
        if (missed <= MISSED_BEATS_TO_START) starters.push({ worker, address, aheadMs });
    }
    return starters;
  }
}
