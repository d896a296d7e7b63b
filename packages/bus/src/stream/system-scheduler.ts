import type { Scheduler } from './core/ports.js';
import { Turn } from './turn.js';

/** Of this process: connections share it with what they send for, so that all of it leaves together. */
export const processTurn = new Turn();

/** The monotonic clock and the event loop of this process. */
export const systemScheduler: Scheduler = {
  nowMs: () => performance.now(),
  soon: (run) => processTurn.end(run),
  afterTurn: (run) => void setImmediate(run),
  after: (delayMs, run) => void setTimeout(run, delayMs).unref(),
};
