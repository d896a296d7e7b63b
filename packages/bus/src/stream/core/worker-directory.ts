interface Entry {
  missed: number;
  hasRoom: boolean;
}

/** The workers whose heartbeats are heard, by provider: whom to ask directly when the queue group gave a call to a frozen one. */
export class WorkerDirectory {
  private readonly providers = new Map<string, Map<string, Entry>>();

  constructor(private readonly missedBeats: number) {}

  beat(provider: string, worker: string, hasRoom: boolean): void {
    const workers = this.providers.get(provider);
    if (workers) workers.set(worker, { missed: 0, hasRoom });
    else this.providers.set(provider, new Map([[worker, { missed: 0, hasRoom }]]));
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
      if (workers.size === 0) this.providers.delete(provider);
    }
    return gone;
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
