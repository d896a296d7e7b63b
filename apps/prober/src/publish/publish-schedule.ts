/** Ordinary news of an endpoint wait until so long after the last. */
export const PUBLISH_EVERY_MS = 1_000;
/** Without news its windows still run empty, which readers should see. */
export const REFRESH_EVERY_MS = 30_000;
const REFRESH_FOR_MS = 31 * 60_000;
const REFRESH_DAY_EVERY_MS = 10 * 60_000;
const REFRESH_DAY_FOR_MS = 25 * 3_600_000;

interface Entry {
  touchedAtMs: number;
  publishedAtMs: number;
  dirty: boolean;
  urgent: boolean;
}

/** When the health of which endpoint is to be published: a change of state at once, everything else at most once a second. */
export class PublishSchedule {
  private readonly entries = new Map<string, Entry>();

  /** Something was learnt about the endpoint; `urgent` when its state changed. */
  touch(endpointId: string, nowMs: number, urgent = false): void {
    const entry = this.entries.get(endpointId);
    if (!entry) {
      const never = Number.NEGATIVE_INFINITY;
      this.entries.set(endpointId, { touchedAtMs: nowMs, publishedAtMs: never, dirty: true, urgent });
      return;
    }
    entry.touchedAtMs = nowMs;
    entry.dirty = true;
    entry.urgent ||= urgent;
  }

  isDue(endpointId: string, nowMs: number): boolean {
    const entry = this.entries.get(endpointId);
    return entry !== undefined && isDue(entry, nowMs);
  }

  due(nowMs: number): readonly string[] {
    return [...this.entries].filter(([, entry]) => isDue(entry, nowMs)).map(([endpointId]) => endpointId);
  }

  /** Its health is on its way as of `nowMs`. */
  published(endpointId: string, nowMs: number): void {
    const entry = this.entries.get(endpointId);
    if (!entry) return;
    entry.publishedAtMs = nowMs;
    entry.dirty = false;
    entry.urgent = false;
  }

  /** It did not get out: try again soon. */
  failed(endpointId: string): void {
    const entry = this.entries.get(endpointId);
    if (entry) entry.dirty = true;
  }

  forget(endpointId: string): void {
    this.entries.delete(endpointId);
  }

  clear(): void {
    this.entries.clear();
  }
}

function isDue({ urgent, dirty, touchedAtMs, publishedAtMs }: Entry, nowMs: number): boolean {
  const sincePublishedMs = nowMs - publishedAtMs;
  const idleMs = nowMs - touchedAtMs;
  return (
    urgent ||
    (dirty && sincePublishedMs >= PUBLISH_EVERY_MS) ||
    (idleMs < REFRESH_FOR_MS && sincePublishedMs >= REFRESH_EVERY_MS) ||
    (idleMs < REFRESH_DAY_FOR_MS && sincePublishedMs >= REFRESH_DAY_EVERY_MS)
  );
}
