import { bodyOf, openClient } from '../measure/client.js';
import { openLoop } from '../measure/load.js';
import { ascending, percentile, rounded } from '../measure/statistics.js';
import type { Target } from '../targets/target.js';
import { pace, type Figures } from './run.js';

export const FRONTIER_PACE = pace(20);
/** Added at the 99th percentile. */
const LIMITS_MS = [1, 5, 10, 20];
const STEP_SECONDS = 3;
/** Of fewer the 99th percentile is but the worst or the next to it. */
const LEAST_REQUESTS = 400;
const CONNECTIONS = 256;
/** The search ends when the rates that hold and that do not are this close. */
const CLOSE_ENOUGH = 1.15;
const LOWEST_RATE = 25;
const HIGHEST_RATE = 20_000;
const TRIES = 3;
/** Before the search, for code that was just loaded. */
const WARM_UP_RATE = 200;
const WARM_UP_STEPS = 3;

/** The 99th percentile at this rate; infinite when a request failed. */
async function p99At(target: Target, perSecond: number): Promise<number> {
  const client = openClient(target, bodyOf(target, FRONTIER_PACE, { stream: false }), {
    connections: CONNECTIONS,
    stream: false,
  });
  const { exchanges } = await openLoop(client, perSecond, Math.max(STEP_SECONDS, LEAST_REQUESTS / perSecond));
  await client.close();
  if (exchanges.some(({ ok }) => !ok)) return Number.POSITIVE_INFINITY;
  return percentile(ascending(exchanges.map(({ totalMs }) => totalMs)), 0.99);
}

/** What a target adds at one rate. A machine that stands still for a moment spoils a step: who is over a limit gets two more. */
class Rate {
  private readonly seen: number[] = [];

  constructor(private readonly measure: () => Promise<number>) {}

  async holds(limitMs: number): Promise<boolean> {
    if (this.seen.length === 0) this.seen.push(await this.measure());
    if (this.addedMs <= limitMs) return true;
    while (this.seen.length < TRIES) this.seen.push(await this.measure());
    return this.addedMs <= limitMs;
  }

  /** The first, until there is a median. */
  private get addedMs(): number {
    const { seen } = this;
    return seen.length < TRIES ? seen[0]! : ascending(seen)[Math.floor(TRIES / 2)]!;
  }
}

/**
 * The highest rate of an open loop at which a target adds no more than each limit to the 99th percentile of the upstream at the same
 * rate, and fails no request.
 */
export async function frontier(target: Target, direct: Target): Promise<Figures> {
  const rates = new Map<number, Rate>();
  const holdsAt = (perSecond: number, limitMs: number): Promise<boolean> => {
    const rate =
      rates.get(perSecond) ?? new Rate(async () => (await p99At(target, perSecond)) - (await p99At(direct, perSecond)));
    rates.set(perSecond, rate);
    return rate.holds(limitMs);
  };
  for (let step = 0; step < WARM_UP_STEPS; step += 1) await p99At(target, WARM_UP_RATE);
  const figures: Record<string, number> = {};
  for (const limitMs of LIMITS_MS) {
    let holds = 0;
    let fails = HIGHEST_RATE;
    let rate = LOWEST_RATE;
    while (rate < HIGHEST_RATE) {
      if (!(await holdsAt(rate, limitMs))) {
        fails = rate;
        break;
      }
      holds = rate;
      rate *= 2;
    }
    while (holds > 0 && fails / holds > CLOSE_ENOUGH) {
      const middle = Math.round(Math.sqrt(holds * fails));
      if (await holdsAt(middle, limitMs)) holds = middle;
      else fails = middle;
    }
    figures[`perSecond within ${limitMs} ms`] = rounded(holds, 0);
  }
  return figures;
}
