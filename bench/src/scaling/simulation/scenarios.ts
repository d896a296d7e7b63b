import { ascending, percentile } from '../../measure/statistics.js';
import type { Costs } from '../cost.js';
import { demandOf, type Mix } from '../mixes.js';
import { PLAN } from '../plan.js';
import { arrivals, type Pattern } from './arrivals.js';
import { simulateBooks } from './books.js';
import { Calendar } from './calendar.js';
import { Gateway, type GatewayOptions, type Served } from './gateway.js';
import { seeded } from './random.js';
import type { Station } from './station.js';
import { chunkDelays } from './streams.js';

const US_PER_MS = 1_000;
const SEED = 20_261_122;

export const quantiles = (values: readonly number[]): { p50: number; p99: number } => {
  const sorted = ascending(values);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
};

const millisecondsOf = ({ edge, broker, worker }: { edge: number; broker: number; worker: number }) => ({
  edge: edge / US_PER_MS,
  broker: broker / US_PER_MS,
  worker: worker / US_PER_MS,
});

const gatewayOf = (costs: Costs, machines: number): GatewayOptions => {
  const requestMs = millisecondsOf(costs.request.processorUs);
  return {
    machines,
    // As busy as the edges are, so that nothing waits for the broker alone.
    brokerProcessors: Math.max(1, Math.ceil((machines * requestMs.broker) / requestMs.edge)),
    requestMs,
    provider: { meanMs: 500, spread: 0.5 },
    times: 'exponential',
    workerCapacity: PLAN.workerStreams,
  };
};

/** Requests per second at which the busiest of edge and worker is used so much. */
const rateFor = ({ machines, requestMs }: GatewayOptions, used: number): number =>
  (machines * used * 1_000) / Math.max(requestMs.edge, requestMs.worker);

const MACHINES = 4;
/** Enough for a 99th percentile, and few enough for a test. */
const MAX_CHUNKS = 40_000;

/** What requests wait in queues, when edges and workers are used so much. */
export function waitsAt(costs: Costs, used: number, pattern: Pattern): { p50: number; p99: number } {
  // Bursts are rare, so that it takes more requests to see some.
  const count = pattern === 'poisson' ? 12_000 : 25_000;
  const options = gatewayOf(costs, MACHINES);
  const calendar = new Calendar();
  const random = seeded(SEED);
  const gateway = new Gateway(calendar, random, options);
  arrivals(calendar, random, { perSecond: rateFor(options, used), pattern, count }, () => gateway.arrive());
  calendar.run();
  // The first come to an empty house.
  return quantiles(gateway.served.slice(count / 10).map(({ waitedMs }) => waitedMs));
}

/** How late chunks are when edges or workers, whichever are busier, are used so much by running streams. */
export function lateAt(costs: Costs, used: number): { streams: number; p50: number; p99: number } {
  const chunkMs = millisecondsOf(costs.chunk.processorUs);
  const [edges, workers, chunksPerSecond] = [2, 2, 50];
  const streams = Math.floor((used * edges * 1_000) / (Math.max(chunkMs.edge, chunkMs.worker) * chunksPerSecond));
  const brokerProcessors = Math.max(1, Math.ceil((edges * chunkMs.broker) / chunkMs.edge));
  const delays = chunkDelays({
    edges,
    workers,
    brokerProcessors,
    chunkMs,
    streams,
    chunksPerSecond,
    seconds: Math.min(1, MAX_CHUNKS / (streams * chunksPerSecond)),
    seed: SEED,
  });
  return { streams: streams / edges, ...quantiles(delays) };
}

export interface Death {
  readonly usedAfter: number;
  /** 99th percentiles of what is added, milliseconds: before, and of those who came from the death on and went well at once. */
  readonly before: number;
  readonly after: number;
  /** How many requests in a second come, are cut, or are sent to the dead edge. */
  readonly perSecond: number;
  readonly cut: number;
  readonly unreachable: number;
  /** Share of those who came later that the dead worker was given first. */
  readonly calledAgain: number;
}

/** One of the machines vanishes while all are used as planned. */
export function deathOf(costs: Costs, machines: number): Death {
  const options = gatewayOf(costs, machines);
  const perSecond = rateFor(options, PLAN.used);
  const [deathMs, endMs] = [1_500, 4_500];
  const calendar = new Calendar();
  const random = seeded(SEED);
  const gateway = new Gateway(calendar, random, options);
  const count = Math.round((perSecond * endMs) / 1_000);
  arrivals(calendar, random, { perSecond, pattern: 'poisson', count }, () => gateway.arrive());
  calendar.after(deathMs, () => gateway.kill(0));
  calendar.run();
  const added = (chosen: readonly Served[]): number =>
    quantiles(
      chosen.filter(({ outcome, calledAgain }) => outcome === 'done' && !calledAgain).map(({ addedMs }) => addedMs),
    ).p99;
  const of = (wanted: Served['outcome']): number => gateway.served.filter(({ outcome }) => outcome === wanted).length;
  const later = gateway.served.filter(({ cameAtMs, outcome }) => cameAtMs > deathMs && outcome === 'done');
  return {
    usedAfter: (PLAN.used * machines) / (machines - 1),
    before: added(gateway.served.filter(({ cameAtMs }) => cameAtMs > 200 && cameAtMs < deathMs - 500)),
    after: added(later),
    perSecond,
    cut: of('cut'),
    unreachable: of('unreachable'),
    calledAgain: later.filter(({ calledAgain }) => calledAgain).length / later.length,
  };
}

export interface Saturation {
  /** Requests per second: what the busiest part allows by arithmetic, and what comes out when a third more comes in. */
  readonly calculated: number;
  readonly simulated: number;
  /** Shares of the processors that are used meanwhile. */
  readonly used: { readonly edge: number; readonly broker: number; readonly worker: number };
}

/** More of a load than four machines with two brokers' cores can do: what comes out, and who is full. */
export function saturationOf(costs: Costs, mix: Mix): Saturation {
  const [machines, brokerProcessors, count] = [MACHINES, 2, 4_000];
  const requestMs = millisecondsOf(demandOf(mix, costs).processorUs);
  const calculated = Math.min(
    (machines * 1_000) / Math.max(requestMs.edge, requestMs.worker),
    (brokerProcessors * 1_000) / requestMs.broker,
  );
  const calendar = new Calendar();
  const random = seeded(SEED);
  const gateway = new Gateway(calendar, random, {
    machines,
    brokerProcessors,
    requestMs,
    provider: { meanMs: 10, spread: 0.5 },
    times: 'exponential',
    workerCapacity: count,
  });
  const perSecond = (4 / 3) * calculated;
  const endMs = (count * 1_000) / perSecond;
  arrivals(calendar, random, { perSecond, pattern: 'poisson', count }, () => gateway.arrive());
  calendar.run(endMs);
  const shareOf = (stations: readonly Station[], processors: number): number =>
    stations.reduce((sum, { busyMs }) => sum + busyMs, 0) / (endMs * processors);
  return {
    calculated,
    simulated: (gateway.served.length * 1_000) / endMs,
    used: {
      edge: shareOf(gateway.edges, machines),
      broker: shareOf([gateway.broker], brokerProcessors),
      worker: shareOf(
        gateway.workers.workers.map(({ station }) => station),
        machines,
      ),
    },
  };
}

/** What happens when more streams come than there are places: shares of requests that are refused, and `busy` replies to a request. */
export function placesAt(offered: number): { readonly refused: number; readonly busy: number } {
  const [machines, workerCapacity, count] = [4, 50, 20_000];
  const calendar = new Calendar();
  const random = seeded(SEED);
  const gateway = new Gateway(calendar, random, {
    machines,
    brokerProcessors: machines,
    // Places are what is looked at, so nothing else shall be short.
    requestMs: { edge: 0.001, broker: 0.001, worker: 0.001 },
    provider: { meanMs: 1_000, spread: 1 },
    times: 'exponential',
    workerCapacity,
  });
  const perSecond = offered * machines * workerCapacity;
  arrivals(calendar, random, { perSecond, pattern: 'poisson', count }, () => gateway.arrive());
  calendar.run();
  // A tenth for the places to fill.
  const settled = gateway.served.filter(({ cameAtMs }) => cameAtMs > 5_000);
  const refused = settled.filter(({ outcome }) => outcome === 'refused').length / settled.length;
  return { refused, busy: gateway.workers.busyReplies / count };
}

/** How long after its end a generation is on the books. */
export function bookedAt({ books }: Costs, used: number): { p50: number; p99: number } {
  const { bookedPerSecond } = books;
  const booked = simulateBooks({ bookedPerSecond, perSecond: used * bookedPerSecond, count: 20_000, seed: SEED });
  return quantiles(booked.slice(2_000).map(({ delayMs }) => delayMs));
}

/** How long it takes after an outage of PostgreSQL until everything that waited is booked, seconds. */
export function catchesUpAfter({ books }: Costs, used: number, outageS: number): number {
  const { bookedPerSecond } = books;
  // A hundredth of the load on a hundredth of the books, with as long an outage: the same, in less time.
  const scaled = bookedPerSecond / 100;
  const [fromMs, toMs] = [1_000, 1_000 + outageS * 1_000];
  const lastsS = 1 + outageS / (1 - used) + 10;
  const booked = simulateBooks({
    bookedPerSecond: scaled,
    perSecond: used * scaled,
    count: Math.round(used * scaled * lastsS),
    outageMs: [fromMs, toMs],
    seed: SEED,
  });
  // It is over with the first that was booked without more than the usual delay.
  const over = booked.find(({ cameAtMs, delayMs }) => cameAtMs > toMs && delayMs < 1_000);
  return ((over?.cameAtMs ?? Number.NaN) - toMs) / 1_000;
}
