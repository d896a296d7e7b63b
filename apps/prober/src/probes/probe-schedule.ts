/** Probes of one prober that may wait for their answers at once. */
export const MAX_PROBES_RUNNING = 8;
/** A probe comes up to this share of the interval later than it might, so that they do not all come at once. */
const JITTER = 0.2;

/** Which of the endpoints that are out are asked now: each at most once per interval, the first time one interval after it went out. */
export class ProbeSchedule {
  private readonly dueAtMs = new Map<string, number>();

  constructor(
    private readonly intervalMs: number,
    private readonly random: () => number,
  ) {}

  due(out: Iterable<string>, nowMs: number, room: number): readonly string[] {
    const ids = new Set(out);
    for (const id of this.dueAtMs.keys()) if (!ids.has(id)) this.dueAtMs.delete(id);
    const due: string[] = [];
    for (const id of ids) {
      const dueAtMs = this.dueAtMs.get(id);
      if (dueAtMs !== undefined && (dueAtMs > nowMs || due.length >= room)) continue;
      if (dueAtMs !== undefined) due.push(id);
      this.dueAtMs.set(id, nowMs + this.intervalMs * (1 + JITTER * this.random()));
    }
    return due;
  }
}
