import { COSTS } from '../costs.js';
import { WHOLE } from '../mixes.js';
import { arrivals } from './arrivals.js';
import { simulateBooks } from './books.js';
import { Calendar } from './calendar.js';
import { meanWaitBehindAnyMs, meanWaitMs, refusedShare, waitingShare, waitQuantileMs } from './formulas.js';
import { Gateway, type GatewayOptions } from './gateway.js';
import { seeded, type Random } from './random.js';
import { placesAt, quantiles, saturationOf } from './scenarios.js';
import { Station } from './station.js';

const SEED = 7;
const SERVICE_MS = 1;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How far a figure is from another one, as a share of that. */
const off = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

/** Waits of customers at stations to which they come at random. */
function waits(options: {
  stations: number;
  servers: number;
  utilisation: number;
  count: number;
  times?: (random: Random) => number;
}): number[] {
  const { stations, servers, utilisation, count, times = (random) => random.exponential(SERVICE_MS) } = options;
  const calendar = new Calendar();
  const random = seeded(SEED);
  const all = Array.from({ length: stations }, () => new Station(calendar, servers));
  const seen: number[] = [];
  const perSecond = (1_000 * utilisation * servers * stations) / SERVICE_MS;
  arrivals(calendar, random, { perSecond, pattern: 'poisson', count }, () =>
    all[random.below(stations)]!.serve(times(random), (waitedMs) => seen.push(waitedMs)),
  );
  calendar.run();
  return seen;
}

describe('the formulas', () => {
  it('are those of the textbooks', () => {
    // Erlang's own example: 10 erlangs on 10 lines.
    expect(refusedShare(10, 10)).toBeCloseTo(0.2146, 4);
    expect(waitingShare(1, 0.7)).toBeCloseTo(0.7, 10);
    expect(meanWaitMs(1, 0.5, 2)).toBeCloseTo(2, 10);
    expect(waitingShare(2, 0.5)).toBeCloseTo(1 / 3, 10);
    expect(waitQuantileMs(1, 0.5, 1, 0.99)).toBeCloseTo(2 * Math.log(50), 10);
    expect(waitQuantileMs(50, 0.2, 1, 0.99)).toBe(0);
  });
});

describe('the simulation', () => {
  it.each([
    { servers: 1, utilisation: 0.7 },
    { servers: 2, utilisation: 0.7 },
    { servers: 8, utilisation: 0.8 },
  ])('lets customers wait as Erlang C says: $servers servers, $utilisation used', ({ servers, utilisation }) => {
    const seen = waits({ stations: 1, servers, utilisation, count: 100_000 });
    expect(off(mean(seen), meanWaitMs(servers, utilisation, SERVICE_MS))).toBeLessThan(0.08);
    const waited = seen.filter((waitedMs) => waitedMs > 0).length / seen.length;
    expect(off(waited, waitingShare(servers, utilisation))).toBeLessThan(0.03);
    expect(off(quantiles(seen).p99, waitQuantileMs(servers, utilisation, SERVICE_MS, 0.99))).toBeLessThan(0.12);
  });

  it('makes customers who are spread at random wait as one server does, however many there are', () => {
    const seen = waits({ stations: 8, servers: 1, utilisation: 0.7, count: 100_000 });
    expect(off(mean(seen), meanWaitMs(1, 0.7, SERVICE_MS))).toBeLessThan(0.05);
    expect(mean(seen)).toBeGreaterThan(8 * meanWaitMs(8, 0.7, SERVICE_MS));
  });

  it.each([0, 2])('waits behind service times with a spread of %d as Pollaczek and Khinchine say', (spread) => {
    const times = (random: Random): number => (spread === 0 ? SERVICE_MS : random.lognormal(SERVICE_MS, spread));
    const seen = waits({ stations: 1, servers: 1, utilisation: 0.6, count: 100_000, times });
    expect(off(mean(seen), meanWaitBehindAnyMs(0.6, SERVICE_MS, spread))).toBeLessThan(0.1);
  });

  it('draws numbers with the means that it was asked for, the same for the same seed', () => {
    const [one, other] = [seeded(SEED), seeded(SEED)];
    const drawn = Array.from({ length: 100_000 }, () => one.lognormal(3, 2));
    expect(drawn.every((value) => value === other.lognormal(3, 2))).toBe(true);
    expect(off(mean(drawn), 3)).toBeLessThan(0.03);
  });

  it('keeps the mean rate in bursts, and lets more of them come close together', () => {
    const arrived = (pattern: 'poisson' | 'bursty'): { lastMs: number; variance: number } => {
      const calendar = new Calendar();
      const counts = new Map<number, number>();
      arrivals(calendar, seeded(SEED), { perSecond: 1_000, pattern, count: 100_000 }, () => {
        const slot = Math.floor(calendar.nowMs / 100);
        counts.set(slot, (counts.get(slot) ?? 0) + 1);
      });
      calendar.run();
      const values = [...counts.values()];
      return { lastMs: calendar.nowMs, variance: mean(values.map((value) => (value - mean(values)) ** 2)) };
    };
    const [even, bursty] = [arrived('poisson'), arrived('bursty')];
    expect(off(even.lastMs, 100_000)).toBeLessThan(0.02);
    expect(off(bursty.lastMs, 100_000)).toBeLessThan(0.1);
    expect(bursty.variance).toBeGreaterThan(10 * even.variance);
  });

  it('refuses as many for want of places as Erlang B says, or a little more, because full workers come back late', () => {
    const expected = refusedShare(200, 200 * 1.1);
    const { refused } = placesAt(1.1);
    expect(refused).toBeGreaterThan(expected * 0.9);
    expect(refused).toBeLessThan(expected * 1.6);
    expect(placesAt(0.5)).toEqual({ refused: 0, busy: 0 });
  });
});

const small: GatewayOptions = {
  machines: 4,
  brokerProcessors: 2,
  requestMs: { edge: 1, broker: 0.5, worker: 1 },
  provider: { meanMs: 200, spread: 0.5 },
  times: 'exponential',
  workerCapacity: 1_000,
};

describe('the gateway in the simulation', () => {
  const run = (perSecond: number, count: number, options: GatewayOptions = small) => {
    const calendar = new Calendar();
    const random = seeded(SEED);
    const gateway = new Gateway(calendar, random, options);
    arrivals(calendar, random, { perSecond, pattern: 'poisson', count }, () => gateway.arrive());
    return { calendar, gateway };
  };

  it('keeps Little’s law: as many run as come in the time that one takes', () => {
    const { calendar, gateway } = run(1_000, 20_000);
    let [sum, looks] = [0, 0];
    const look = (): void => {
      if (calendar.nowMs > 19_000) return;
      sum += gateway.runningCount;
      looks += 1;
      calendar.after(10, look);
    };
    calendar.after(2_000, look);
    calendar.run();
    const takesMs = mean(gateway.served.map(({ addedMs }) => addedMs)) + small.provider.meanMs;
    expect(off(sum / looks, takesMs)).toBeLessThan(0.05);
  });

  it('adds nothing but the work itself where nobody else is there', () => {
    const { calendar, gateway } = run(1, 2_000);
    calendar.run();
    expect(gateway.served.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(off(mean(gateway.served.map(({ addedMs }) => addedMs)), 2.5)).toBeLessThan(0.1);
    expect(mean(gateway.served.map(({ waitedMs }) => waitedMs))).toBeLessThan(0.01);
  });

  it('ends every request once when a machine vanishes, and none of those that came later at other edges is lost', () => {
    const { calendar, gateway } = run(2_000, 20_000);
    calendar.after(3_000, () => gateway.kill(0));
    calendar.run();
    expect(gateway.served).toHaveLength(20_000);
    expect(gateway.runningCount).toBe(0);
    const count = (wanted: string): number => gateway.served.filter(({ outcome }) => outcome === wanted).length;
    // A quarter of what runs at a time, and of what comes until the balancer has noticed.
    expect(off(count('cut'), (2_000 * 0.2) / 4)).toBeLessThan(0.3);
    expect(off(count('unreachable'), (2_000 * 2) / 4)).toBeLessThan(0.15);
    expect(count('refused')).toBe(0);
    const late = gateway.served.filter(({ cameAtMs, outcome }) => cameAtMs > 5_100 && outcome !== 'done');
    expect(late).toEqual([]);
  });

  it('puts through a little less than the fullest part allows by arithmetic, and that part is full', () => {
    // Fixed figures: those of the day may change.
    const processorUs = { edge: 800, broker: 250, worker: 600, ledger: 0, postgresql: 0, rest: 0 };
    const costs = { ...COSTS, request: { ...COSTS.request, processorUs } };
    const { calculated, simulated, used } = saturationOf(costs, WHOLE);
    expect(calculated).toBe(5_000);
    expect(simulated).toBeLessThan(calculated);
    expect(off(simulated, calculated)).toBeLessThan(0.2);
    expect(used.edge).toBeGreaterThan(0.95);
    expect(used.edge).toBeLessThan(1.01);
    expect(Math.max(used.broker, used.worker)).toBeLessThan(0.95);
  });

  it('queues without end when more comes than the busiest part can do', () => {
    const added = (perSecond: number, count: number): number => {
      const { calendar, gateway } = run(perSecond, count);
      calendar.run();
      return mean(gateway.served.slice(-1_000).map(({ waitedMs }) => waitedMs));
    };
    expect(added(3_000, 10_000)).toBeLessThan(20);
    const workers = 10_000;
    expect(added(4_800, 20_000)).toBeGreaterThan(1.5 * added(4_800, workers));
  });
});

describe('the books in the simulation', () => {
  it('book everything once, in batches, and catch up after an outage', () => {
    const options = { bookedPerSecond: 1_000, perSecond: 500, count: 10_000, seed: SEED };
    const even = simulateBooks(options);
    expect(even).toHaveLength(10_000);
    expect(Math.max(...even.map(({ delayMs }) => delayMs))).toBeLessThan(500);
    const late = simulateBooks({ ...options, outageMs: [1_000, 6_000] });
    expect(late).toHaveLength(10_000);
    const caughtUp = late.find(({ cameAtMs, delayMs }) => cameAtMs > 6_000 && delayMs < 200)!;
    // Five seconds at half of the rate wait, and half of the rate is left for them.
    expect(off(caughtUp.cameAtMs - 6_000, 5_000)).toBeLessThan(0.15);
  });
});
