import type { Costs } from './cost.js';
import { MIXES } from './mixes.js';
import { percent, shown, table } from './numbers.js';
import { PLAN } from './plan.js';
import { meanWaitMs, refusedShare, waitQuantileMs } from './simulation/formulas.js';
import { bookedAt, catchesUpAfter, deathOf, lateAt, placesAt, saturationOf, waitsAt } from './simulation/scenarios.js';

const ms = (value: number): string => `${shown(Number(value.toPrecision(2)))} ms`;
const pair = ({ p50, p99 }: { p50: number; p99: number }): string => `${ms(p50)}, ${ms(p99)}`;

/** Waits in queues by utilisation. */
export function waitsTable(costs: Costs): string {
  const { edge, broker, worker } = costs.request.processorUs;
  const wholeMs = (edge + broker + worker) / 1_000;
  return table(
    [
      'edges and workers used',
      'by chance: p50, p99',
      'in bursts: p50, p99',
      'one queue for four: mean, p99',
      'chunks of streams late by: p50, p99',
    ],
    [0.3, 0.5, 0.7, 0.8, 0.9].map((used) => [
      percent(used),
      pair(waitsAt(costs, used, 'poisson')),
      pair(waitsAt(costs, used, 'bursty')),
      `${ms(meanWaitMs(4, used, wholeMs))}, ${ms(waitQuantileMs(4, used, wholeMs, 0.99))}`,
      pair(lateAt(costs, used)),
    ]),
  );
}

/** What comes out when a third more comes in than the arithmetic allows. */
export function saturationTable(costs: Costs): string {
  return table(
    ['requests per second', 'calculated', 'simulated', 'edges used', 'broker used', 'workers used'],
    MIXES.map((mix) => {
      const { calculated, simulated, used } = saturationOf(costs, mix);
      return [mix.name, shown(calculated), shown(simulated), ...[used.edge, used.broker, used.worker].map(percent)];
    }),
  );
}

/** One of n machines vanishes. */
export function deathTable(costs: Costs): string {
  return table(
    [
      'machines',
      'used before, after',
      'added before: p99',
      'added after: p99',
      'requests per second',
      'cut',
      'sent to the dead edge',
      'called again',
    ],
    [2, 3, 4, 10].map((machines) => {
      const { usedAfter, before, after, cut, unreachable, calledAgain, perSecond } = deathOf(costs, machines);
      return [
        shown(machines),
        `${percent(PLAN.used)}, ${percent(usedAfter)}`,
        ms(before),
        usedAfter >= 1 ? `${ms(after)} within 3 s, and growing` : ms(after),
        shown(perSecond),
        shown(cut),
        shown(unreachable),
        percent(calledAgain),
      ];
    }),
  );
}

export function placesTable(): string {
  return table(
    ['streams that want to run, of all places', 'refused', 'by the formula', '`busy` replies per request'],
    [0.8, 0.9, 1, 1.1, 1.5].map((offered) => {
      const { refused, busy } = placesAt(offered);
      return [
        percent(offered),
        percent(refused),
        percent(refusedShare(200, 200 * offered)),
        shown(Number(busy.toPrecision(2))),
      ];
    }),
  );
}

export function booksTable(costs: Costs): string {
  return table(
    ['books used', 'booked after: p50, p99', 'after an outage of a minute everything is booked in'],
    [0.1, 0.5, 0.7, 0.9].map((used) => [
      percent(used),
      pair(bookedAt(costs, used)),
      `${shown(Number(catchesUpAfter(costs, used, 60).toPrecision(2)))} s`,
    ]),
  );
}
