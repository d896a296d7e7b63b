import fc from 'fast-check';
import { MAX_RING_FRAMES } from '../core/limits.js';
import type { Delivery } from '../core/delivery.js';
import { Broker } from './broker.js';
import type { Faults } from './broker.js';
import { SimulatedEdge, SimulatedWorker } from './processes.js';
import { request, serve } from './scenario.js';
import type { Request, Result } from './scenario.js';
import { World } from './world.js';

const RUNS = 1_000;
/** What a stream may take at the very most: its own work, the faults, and then the longest timer of the protocol. */
const LONGEST_MS = 180_000;
/** After the last stream: edges forget at once, workers after their longest timer. */
const QUIET_MS = 60_000;
const OUTAGE_MS = 5_000;
const CALM: Faults = { drop: 0, duplicate: 0, reorder: 0, delay: 0 };

type Incident =
  | {
      readonly kind: 'cut';
      readonly side: 'edge' | 'worker';
      readonly port: number;
      readonly atMs: number;
      readonly forMs: number;
    }
  | { readonly kind: 'restart'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'freeze' | 'kill'; readonly worker: number; readonly atMs: number; readonly forMs: number };

interface Scenario {
  readonly seed: number;
  readonly faults: Faults;
  readonly requests: readonly Request[];
  readonly incidents: readonly Incident[];
}

const chance = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max, noNaN: true }));
const rarely = (arbitrary: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const atMs = fc.integer({ min: 0, max: 4_000 });

const requestArbitrary: fc.Arbitrary<Request> = fc
  .record({
    openMs: fc.constantFrom(0, 5, 5),
    chunkBytes: fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 40 }),
    pauseMs: fc.constantFrom(0, 0, 3, 20, 120),
    bodyBytes: fc.constantFrom(0, 10, 2_000, 600_000, 1_400_000),
    windowBytes: fc.constantFrom(1, 100, 4_096, 65_536),
    failAfter: rarely(fc.integer({ min: 0, max: 10 })),
    cancelAfterBytes: rarely(fc.integer({ min: 1, max: 20_000 })),
    clientPauseMs: fc.constantFrom(0, 0, 0, 30),
    metered: fc.constantFrom(false, false, true),
  })
  .map((wanted) => ({
    ...wanted,
    // A window of a byte costs a message per byte, so such streams are short.
    chunkBytes:
      wanted.windowBytes === 1 ? [5] : wanted.windowBytes === 100 ? wanted.chunkBytes.slice(0, 2) : wanted.chunkBytes,
    failAfter: wanted.failAfter !== null && wanted.failAfter > wanted.chunkBytes.length ? null : wanted.failAfter,
  }))
  .map((wanted) => ({
    ...wanted,
    failAfter: wanted.failAfter !== null && wanted.failAfter > wanted.chunkBytes.length ? null : wanted.failAfter,
  }));

const manyOf = (request: fc.Arbitrary<Request>) => fc.array(request, { minLength: 1, maxLength: 5 });

const incidentArbitrary: fc.Arbitrary<Incident> = fc.oneof(
  fc.record({
    kind: fc.constant('cut' as const),
    side: fc.constantFrom('edge' as const, 'worker' as const),
    port: fc.nat(5),
    atMs,
    forMs: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({ kind: fc.constant('restart' as const), atMs, forMs: fc.constantFrom(300, 1_000, 20_000) }),
  fc.record({
    kind: fc.constantFrom('freeze' as const, 'kill' as const),
    worker: fc.nat(1),
    atMs,
    forMs: fc.integer({ min: 10, max: 10_000 }),
  }),
);

const scenarioArbitrary: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  faults: fc.record({ drop: chance(0.2), duplicate: chance(0.2), reorder: chance(0.2), delay: chance(0.1) }),
  requests: manyOf(requestArbitrary),
  incidents: fc.array(incidentArbitrary, { maxLength: 4 }),
});

interface Stage {
  readonly world: World;
  readonly edge: SimulatedEdge;
  readonly workers: readonly SimulatedWorker[];
  /** How often the provider of a request was called. */
  readonly calls: Map<number, number>;
  /** What the worker of a request learned of its answer. */
  readonly deliveries: Map<number, Delivery>;
  readonly results: Result[];
}

function begin(scenario: Scenario): Stage {
  const world = new World(scenario.seed);
  const broker = new Broker(world, scenario.faults);
  const edge = new SimulatedEdge(world, broker);
  const calls = new Map<number, number>();
  const deliveries = new Map<number, Delivery>();
  const workers = [0, 1].map(
    () =>
      new SimulatedWorker(world, broker, async (worker, stream) => {
        const { index } = stream.meta as { index: number };
        calls.set(index, (calls.get(index) ?? 0) + 1);
        void stream.delivered.then((delivery) => worker.run(() => void deliveries.set(index, delivery)));
        await serve(scenario.requests, worker, stream);
      }),
  );
  const results: Result[] = scenario.requests.map(() => ({ kind: 'running' }));
  for (const [index, { openMs }] of scenario.requests.entries()) {
    world.after(openMs, () =>
      edge.run(() => {
        void request(world, edge, scenario.requests, index).then((result) => {
          results[index] = result;
        });
      }),
    );
  }
  return { world, edge, workers, calls, deliveries, results };
}

async function play(scenario: Scenario): Promise<Result[]> {
  const { world, edge, workers, calls, deliveries, results } = begin(scenario);
  for (const incident of scenario.incidents) world.after(incident.atMs, () => happen(incident, edge, workers));
  const withinBounds = () => {
    for (const worker of workers) {
      for (const stream of worker.streams) {
        const { index } = stream.meta as { index: number };
        const { outstandingBytes, ringFrames } = stream;
        // After every event, so without the cost of a matcher.
        if (outstandingBytes > scenario.requests[index]!.windowBytes || ringFrames > MAX_RING_FRAMES + 2) {
          throw new Error(`stream ${index} keeps ${outstandingBytes} bytes in ${ringFrames} frames`);
        }
      }
    }
  };
  await world.runUntil(() => results.every(({ kind }) => kind !== 'running'), LONGEST_MS, withinBounds);
  expect(results.filter(({ kind }) => kind === 'running' || kind === 'wrong')).toEqual([]);
  // One attempt never becomes two calls of a provider.
  for (const [, count] of calls) expect(count).toBe(1);
  expect(edge.peer.inFlight).toBe(0);
  const forgotten = () =>
    workers.every(
      ({ alive, peer }) => !alive || (peer.inFlight === 0 && peer.retained === 0 && peer.budget.usedBytes === 0),
    );
  expect(await world.runUntil(forgotten, world.nowMs() + QUIET_MS)).toBe(true);
  // An edge that is out of reach for that long counts as dead, and nobody pays for what may not have arrived.
  const outage = scenario.incidents.some(({ kind, forMs }) => kind === 'restart' && forMs > OUTAGE_MS);
  for (const [index, delivery] of deliveries) expectHonest(results[index]!, delivery, outage);
  return results;
}

/** Who pays follows from what the worker learns, so it must be what the client saw. */
function expectHonest(result: Result, delivery: Delivery, outage: boolean): void {
  if (result.kind === 'end') expect(outage ? ['confirmed', 'lost'] : ['confirmed']).toContain(delivery);
  const told = result.kind === 'failed' ? result.code : null;
  if (told === 'worker_lost' || told === 'stream_lost') expect(delivery).not.toBe('confirmed');
}

/** The edge dies with whatever it holds. */
async function playToTheDeathOfTheEdge(scenario: Scenario, atMs: number): Promise<void> {
  const { world, edge, workers, deliveries, results } = begin(scenario);
  let seen: readonly Result[] | null = null;
  world.after(atMs, () => edge.kill());
  // What the edge had given its clients when it died reaches them a few turns of promises later; a dead edge gives nothing more.
  world.after(atMs + 1, () => (seen = [...results]));
  const forgotten = () => seen !== null && workers.every(({ peer }) => peer.inFlight === 0 && peer.retained === 0);
  expect(await world.runUntil(forgotten, QUIET_MS)).toBe(true);
  for (const [index, delivery] of deliveries) {
    // A confirmation may be under way when the edge dies; what was not over by then is never confirmed. A failure is, as soon as
    // the edge has it: nobody pays for it, however slowly its client reads what came before.
    expect(delivery).not.toBe('unknown');
    const failed = scenario.requests[index]!.failAfter !== null;
    if (seen![index]!.kind === 'running' && !failed) expect(delivery).toBe('lost');
  }
}

function happen(incident: Incident, edge: SimulatedEdge, workers: readonly SimulatedWorker[]): void {
  const allPorts = [edge, ...workers].flatMap(({ ports }) => ports);
  switch (incident.kind) {
    case 'cut':
      (incident.side === 'edge' ? edge.ports : workers.flatMap(({ ports }) => ports))[
        incident.port % (incident.side === 'edge' ? 3 : 6)
      ]!.cut(incident.forMs);
      return;
    case 'restart':
      for (const [index, port] of allPorts.entries()) port.cut(incident.forMs + index * 37);
      return;
    case 'freeze':
      workers[incident.worker]!.freeze(incident.forMs);
      return;
    case 'kill':
      workers[incident.worker]!.kill();
      return;
  }
}

describe('streams over a broker as bad as can be', () => {
  it('give every client the exact bytes or exactly one failure, within the deadlines and the memory', async () => {
    await fc.assert(
      fc.asyncProperty(scenarioArbitrary, async (scenario) => void (await play(scenario))),
      { numRuns: RUNS },
    );
  }, 600_000);

  it('are confirmed to their worker exactly if the client had everything when its edge was killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        manyOf(requestArbitrary),
        fc.integer({ min: 1, max: 3_000 }),
        (seed, requests, at) => playToTheDeathOfTheEdge({ seed, faults: CALM, requests, incidents: [] }, at),
      ),
      { numRuns: 300 },
    );
  }, 300_000);

  it('are not begun by a worker that slept through its time to begin them', async () => {
    const quick = requestArbitrary.map((wanted) => ({
      ...wanted,
      openMs: 20,
      bodyBytes: Math.min(wanted.bodyBytes, 2_000),
    }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        manyOf(quick),
        fc.integer({ min: 400, max: 10_000 }),
        async (seed, requests, forMs) => {
          const { world, workers, calls, results } = begin({ seed, faults: CALM, requests, incidents: [] });
          // Both have been heard, so calls go to them by name.
          world.after(15, () => workers.forEach((worker) => worker.freeze(forMs)));
          await world.runUntil(() => results.every(({ kind }) => kind !== 'running'), LONGEST_MS);
          expect(results).toEqual(requests.map(() => ({ kind: 'failed', code: 'worker_lost' })));
          expect(world.nowMs()).toBeLessThan(400);
          await world.runUntil(() => false, forMs + QUIET_MS);
          expect([...calls]).toEqual([]);
          expect(workers.map(({ peer }) => peer.inFlight)).toEqual([0, 0]);
        },
      ),
      { numRuns: 100 },
    );
  }, 100_000);

  it('all end well when the broker only restarts', async () => {
    const patient = requestArbitrary.map((wanted) => ({
      ...wanted,
      failAfter: null,
      cancelAfterBytes: null,
      pauseMs: 20,
      clientPauseMs: 30,
    }));
    const restarts = fc.record({
      atMs: fc.integer({ min: 50, max: 1_000 }),
      forMs: fc.integer({ min: 1, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), manyOf(patient), restarts, async (seed, requests, restart) => {
        const incidents = [{ kind: 'restart' as const, ...restart }];
        const results = await play({ seed, faults: CALM, requests, incidents });
        expect(results).toEqual(requests.map(() => ({ kind: 'end' })));
      }),
      { numRuns: 200 },
    );
  }, 300_000);

  it('repair every single loss, so that no stream is lost for a message', async () => {
    const faults = fc.record({
      drop: fc.double({ min: 0, max: 0.02, noNaN: true }),
      duplicate: chance(0.2),
      reorder: chance(0.2),
      delay: fc.constant(0),
    });
    const wanted = requestArbitrary.map((each) => ({ ...each, failAfter: null, cancelAfterBytes: null }));
    await fc.assert(
      fc.asyncProperty(fc.integer(), manyOf(wanted), faults, async (seed, requests, some) => {
        const results = await play({ seed, faults: some, requests, incidents: [] });
        // Only a claim or three pings in a row may be lost for good: those are tries with a limit.
        const allowed = ['end', 'worker_unavailable', 'worker_lost'];
        const seen = results.map((result) => ('code' in result ? result.code : result.kind));
        expect(seen.filter((kind) => !allowed.includes(kind))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 300_000);
});
