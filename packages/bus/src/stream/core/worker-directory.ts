interface Entry {
  missed: number;
  hasRoom: boolean;
}

/** The workers whose heartbeats are heard, by provider: whom to ask directly when the queue group gave a call to a frozen one. */
export class WorkerDirectory {
  private readonly providers = new Map<string, Map<string, Entry>>();
  /** Intervals since somebody was heard for the first time, or again after everybody had fallen silent. */
  private heardFor = 0;
  private known: ReadonlySet<string> | null = null;

  constructor(private readonly missedBeats: number) {}

  beat(provider: string, worker: string, hasRoom: boolean): void {
    const workers = this.providers.get(provider);
    if (workers) {
      workers.set(worker, { missed: 0, hasRoom });
      return;
    }
    this.providers.set(provider, new Map([[worker, { missed: 0, hasRoom }]]));
    this.known = null;
  }

  /** One interval of heartbeats has passed; answers the workers that have missed too many. */
  tick(): string[] {
    const gone: string[] = [];
    for (const [provider, workers] of this.providers) {
      for (const [worker, entry] of workers) {
        entry.missed += 1;
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
}
