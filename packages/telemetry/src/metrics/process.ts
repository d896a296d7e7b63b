import { monitorEventLoopDelay } from 'node:perf_hooks';
import { meter } from './provider.js';

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** How late timers fire: at a high value the process is too busy to be given more. Measured since the last scrape. */
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

meter()
  .createObservableGauge('nodejs.eventloop.delay.p99', {
    description: 'Event loop delay, 99th percentile since the last scrape',
    unit: 's',
  })
  .addCallback((result) => {
    result.observe(lagSeconds(delay.percentile(99)));
    delay.reset();
  });

meter()
  .createObservableGauge('process.memory.usage', { description: 'Resident memory of the process', unit: 'By' })
  .addCallback((result) => result.observe(process.memoryUsage.rss()));

/** The measured value includes the resolution of the timer that measures. */
const lagSeconds = (nanoseconds: number): number =>
  Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1_000) : 0;
