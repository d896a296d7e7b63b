import { arrivals } from './arrivals.js';
import { Calendar } from './calendar.js';
import { seeded } from './random.js';

/** As the ledger reads its stream (apps/ledger/src/usage/usage.consumer.ts). */
const MAX_BATCH = 500;
const MAX_WAIT_MS = 50;
/** What a batch costs beside its generations: statements, commit, the disk. A guess; it is in the measured rate of full batches. */
const BATCH_MS = 3;

export interface BooksOptions {
  /** Generations per second in full batches: the measured rate. */
  readonly bookedPerSecond: number;
  readonly perSecond: number;
  readonly count: number;
  /** From when to when nothing is booked. */
  readonly outageMs?: readonly [fromMs: number, toMs: number];
  readonly seed: number;
}

export interface Booked {
  readonly cameAtMs: number;
  readonly delayMs: number;
}

/** One ledger that books batch after batch: when each generation that came is on the books. */
export function simulateBooks({ bookedPerSecond, perSecond, count, outageMs, seed }: BooksOptions): Booked[] {
  const calendar = new Calendar();
  const eachMs = 1_000 / bookedPerSecond - BATCH_MS / MAX_BATCH;
  const booked: Booked[] = [];
  const waiting: number[] = [];
  let front = 0;
  let working = false;
  const size = (): number => waiting.length - front;
  const begin = (): void => {
    const restMs = outageMs && calendar.nowMs >= outageMs[0] ? outageMs[1] - calendar.nowMs : 0;
    if (restMs > 0) return calendar.after(restMs, begin);
    const batch = waiting.slice(front, front + MAX_BATCH);
    front += batch.length;
    calendar.after(BATCH_MS + batch.length * eachMs, () => {
      for (const cameAtMs of batch) booked.push({ cameAtMs, delayMs: calendar.nowMs - cameAtMs });
      working = false;
      gather();
    });
  };
  /** A batch goes when it is full, or so long after its first message. */
  const gather = (): void => {
    if (working || size() === 0) return;
    working = true;
    const ageMs = calendar.nowMs - waiting[front]!;
    if (size() >= MAX_BATCH || ageMs >= MAX_WAIT_MS) begin();
    else calendar.after(MAX_WAIT_MS - ageMs, begin);
  };
  arrivals(calendar, seeded(seed), { perSecond, pattern: 'poisson', count }, () => {
    waiting.push(calendar.nowMs);
    gather();
  });
  calendar.run();
  return booked;
}
