import type { Scheduler } from './core/ports.js';

/** The monotonic clock and the event loop of this process. */
export const systemScheduler: Scheduler = {
  nowMs: () => performance.now(),
  soon: (run) => void setImmediate(run),
  after: (delayMs, run) => void setTimeout(run, delayMs).unref(),
};
