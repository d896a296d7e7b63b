import { bodyOf, openClient } from '../measure/client.js';
import { isServer, proportionalMb, residentMb } from '../measure/processes.js';
import { gathered, median, percentile, rounded } from '../measure/statistics.js';
import type { Target } from '../targets/target.js';
import { pace, type Figures, type Run } from './run.js';

export const TOKENS_PER_SECOND = 20;
const SAMPLE_MS = 1_000;
/** Spread: a thousand handshakes at once are another measurement. */
const SPREAD_MS = 2_000;
/** What was held is forgotten, booked and collected by then. */
const AFTERWARDS_MS = 5_000;

/** Streams that all run at the same time at the pace of a model, for so many seconds. */
export function heldStreams(count: number, seconds: number): Run {
  const asked = pace(seconds * TOKENS_PER_SECOND, TOKENS_PER_SECOND);
  return {
    name: `${count} streams at ${TOKENS_PER_SECOND} tokens/s for ${seconds} s`,
    paces: [asked],
    rounds: 1,
    async measure(target) {
      const memory = watchMemory(target);
      const client = openClient(target, bodyOf(target, asked, { stream: true }), { connections: count, stream: true });
      const running = Array.from({ length: count }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index * SPREAD_MS) / count));
        return client.send();
      });
      const exchanges = await Promise.all(running);
      await client.close();
      const failed = exchanges.find(({ ok }) => !ok);
      if (failed)
        console.error(`${target.name}: the first that was cut had HTTP ${failed.status}, ${failed.events} events`);
      const gaps = gathered(exchanges.map(({ gapsMs }) => gapsMs));
      return {
        cut: exchanges.filter(({ ok }) => !ok).length,
        gapP50Ms: rounded(percentile(gaps, 0.5)),
        gapP99Ms: rounded(percentile(gaps, 0.99)),
        ...(await memory.stop()),
      };
    },
  };
}

/**
 * Resident memory of a target's processes: before, while all streams run (in the middle, and its first and last quarter, which tell
 * whether it grows), at its peak and afterwards. The database and the broker count apart.
 */
function watchMemory(target: Target): { stop(): Promise<Figures> } {
  const own = () => target.processes().filter((process) => !isServer(process));
  const servers = () => target.processes().filter(isServer);
  if (own().length === 0) return { stop: () => Promise.resolve({}) };
  const startedAt = performance.now();
  const idleMb = residentMb(own());
  const idleServersMb = residentMb(servers());
  const samples: { atMs: number; ownMb: number; serversMb: number }[] = [];
  let proportional = 0;
  const timer = setInterval(() => {
    samples.push({ atMs: performance.now() - startedAt, ownMb: residentMb(own()), serversMb: residentMb(servers()) });
    // Walking all pages of all processes costs what a sample may not cost: once, when everything runs.
    if (proportional === 0 && performance.now() - startedAt > 2 * SPREAD_MS) proportional = proportionalMb(own());
  }, SAMPLE_MS);
  return {
    async stop() {
      clearInterval(timer);
      const runMs = performance.now() - startedAt;
      const steady = samples
        .filter(({ atMs }) => atMs > SPREAD_MS && atMs < runMs - SPREAD_MS)
        .map(({ ownMb }) => ownMb);
      const quarter = Math.ceil(steady.length / 4);
      await new Promise((resolve) => setTimeout(resolve, AFTERWARDS_MS));
      const figures = {
        idleMb,
        steadyMb: median(steady),
        firstQuarterMb: median(steady.slice(0, quarter)),
        lastQuarterMb: median(steady.slice(-quarter)),
        peakMb: Math.max(idleMb, ...samples.map(({ ownMb }) => ownMb)),
        afterMb: residentMb(own()),
        proportionalMb: proportional,
        ...(servers().length > 0 && {
          idleServersMb,
          peakServersMb: Math.max(idleServersMb, ...samples.map(({ serversMb }) => serversMb)),
        }),
      };
      return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value)]));
    },
  };
}
