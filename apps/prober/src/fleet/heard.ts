import type { AttemptOutcome } from '@switchyard/contracts';

/** Workers that were silent for so long are forgotten: whoever took over from us has long heard them himself. */
const FORGET_AFTER_MS = 600_000;

/**
 * Up to which of its outcomes each worker was heard, so that an outcome which two processes heard is counted once. The outcomes of one
 * worker arrive in their order.
 */
export class Heard {
  private readonly workers = new Map<string, { number: number; atMs: number }>();

  /** Whether an outcome is news; it is none the second time. Outcomes that do not say where they come from always are. */
  note({ origin }: Pick<AttemptOutcome, 'origin'>, nowMs: number): boolean {
    if (!origin) return true;
    const known = this.workers.get(origin.worker);
    if (known && origin.number <= known.number) return false;
    this.workers.set(origin.worker, { number: origin.number, atMs: nowMs });
    return true;
  }

  save(nowMs: number): Record<string, number> {
    for (const [worker, { atMs }] of this.workers) if (nowMs - atMs > FORGET_AFTER_MS) this.workers.delete(worker);
    return Object.fromEntries([...this.workers].map(([worker, { number }]) => [worker, number]));
  }

  restore(saved: Readonly<Record<string, number>>, nowMs: number): void {
    for (const [worker, number] of Object.entries(saved)) {
      if (number > (this.workers.get(worker)?.number ?? 0)) this.workers.set(worker, { number, atMs: nowMs });
    }
  }
}
