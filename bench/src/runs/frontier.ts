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

/**
 * The highest rate of an open loop at which a target adds no more than each limit to the 99th percentile of the upstream at the same
 * rate, and fails no request.
 */
export async function frontier(target: Target, direct: Target): Promise<Figures> {
  const added = new Map<number, number>();
  const addedAt = async (rate: number): Promise<number> => {
    const known = added.get(rate);
    if (known !== undefined) return known;
    const value = (await p99At(target, rate)) - (await p99At(direct, rate));
    added.set(rate, value);
    return value;
  };
  const figures: Record<string, number> = {};
  for (const limitMs of LIMITS_MS) {
    let holds = 0;
    let fails = HIGHEST_RATE;
    let rate = LOWEST_RATE;
    while (rate < HIGHEST_RATE) {
      if ((await addedAt(rate)) > limitMs) {
        fails = rate;
        break;
      }
      holds = rate;
      rate *= 2;
    }
    while (holds > 0 && fails / holds > CLOSE_ENOUGH) {
      const middle = Math.round(Math.sqrt(holds * fails));
      if ((await addedAt(middle)) > limitMs) fails = middle;
      else holds = middle;
    }
    figures[`perSecond within ${limitMs} ms`] = rounded(holds, 0);
  }
  return figures;
}
