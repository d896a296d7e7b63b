import { waitUntil } from '@switchyard/testing';
import { untilReady } from './chaos/blows.js';
import type { Ask, Seen } from './money/clients.js';
import { FaultBench } from './money/fault-bench.js';
import { CLASS_A_MODEL, CLASS_B_MODEL } from './money/fault-stack.js';
import { Random } from './money/random.js';
import { startTraffic, type Traffic } from './money/traffic.js';
import { startBalancer, type Balancer } from './rolling/balancer.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** What a load balancer is given to look away: the same as in production, for a busy machine is late with everything. */
const LOOK_AWAY_MS = 5_000;
/** Running streams are waited for, as in production, and not for the ten seconds of a quick stop. */
const PATIENCE = { SHUTDOWN_TIMEOUT_MS: '60000', WORKER_DRAIN_SECONDS: '60' };
const FROZEN_MS = 10_000;
const RUNNING = 200;
const CROWDS = 10;

describe('when workers and edges are stopped, frozen and replaced under load', () => {
  let bench: FaultBench;
  let balancer: Balancer;
  beforeAll(async () => {
    bench = await FaultBench.start({ environment: { ...PATIENCE, SHUTDOWN_DELAY_MS: String(LOOK_AWAY_MS) } });
    balancer = await startBalancer(bench.stack.edgeUrls);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await bench?.stop();
    await balancer?.stop();
  }, START_TIMEOUT_MS);

  const book = async (prefix: string) =>
    (await bench.stack.upstreamBook()).filter(({ label }) => label?.startsWith(prefix));
  const speaking = async (prefix: string, count: number) =>
    waitUntil(async () => (await book(prefix)).filter(({ outputTokens }) => outputTokens > 2).length >= count, {
      what: `${count} streams speak`,
      timeoutMs: 30_000,
      intervalMs: 50,
    });
  const replace = async (...names: readonly string[]) => {
    await Promise.all(names.map((name) => untilReady(bench.stack, name, bench.stack.signal(name, 'SIGTERM'))));
  };
  const notWhole = (seen: readonly Seen[]) =>
    seen
      .filter(({ how }) => how !== 'whole')
      .map(
        ({ ask, how, code, startedAtMs, endedAtMs }) =>
          `${ask.label}: ${how} ${code ?? ''} after ${Math.round(endedAtMs - startedAtMs)} ms`,
      );

  it('kill -9 of a worker: what it has begun ends with a typed error, free of charge, and the rest goes on', async () => {
    const long = { tokens: 100, tokensPerSecond: 25, maxTokens: 150 };
    const streams = Array.from({ length: 12 }, (_, index) => bench.ask(`kill-${index}`, { ...long, edge: index % 2 }));
    await speaking('kill-', 12);
    const pid = bench.stack.signal('worker-sandbox-1', 'SIGKILL');
    const fresh = await Promise.all([0, 1, 2, 3].map((edge) => bench.ask(`killed-${edge}`, { edge: edge % 2 })));
    expect(notWhole(fresh)).toEqual([]);
    const seen = await Promise.all(streams);
    const lost = seen.filter(({ how }) => how === 'error event');
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map(({ code }) => code))).toEqual(new Set(['worker_lost']));
    expect(seen.length - lost.length).toBe(seen.filter(({ how }) => how === 'whole').length);
    await untilReady(bench.stack, 'worker-sandbox-1', pid);
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('a frozen worker: new calls go to another one, and it makes none of them when it wakes', async () => {
    const long = { tokens: 200, tokensPerSecond: 20, maxTokens: 250 };
    const streams = Array.from({ length: 8 }, (_, index) => bench.ask(`freeze-${index}`, { ...long, edge: index % 2 }));
    await speaking('freeze-', 8);
    const frozen = bench.stack.freeze('worker-sandbox-1', FROZEN_MS);
    const fresh = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        bench.ask(`frozen-${index}`, { edge: index % 2, stream: index % 3 > 0 }),
      ),
    );
    expect(notWhole(fresh)).toEqual([]);
    await frozen;
    for (const { how, code } of await Promise.all(streams)) {
      expect(['whole', 'error event']).toContain(how);
      if (how === 'error event') expect(code).toBe('worker_lost');
    }
    // A worker that answers again has read everything that was sent to it while it slept.
    await untilReady(bench.stack, 'worker-sandbox-1');
    const calls = (await book('frozen-')).map(({ label }) => label);
    expect(calls.length).toBe(new Set(calls).size);
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('SIGTERM of an edge with 50 streams: none is cut, nobody new gets in, and its leases are back before it ends', async () => {
    const { stack } = bench;
    const streams = Array.from({ length: 50 }, (_, index) =>
      bench.ask(`leave-${index}`, { tokens: 60, tokensPerSecond: 10, maxTokens: 80, edge: 1 }),
    );
    await speaking('leave-', 50);
    const leases = (await stack.books.openLeases()).filter(({ edge }) => edge === 'edge-2').map(({ id }) => id);
    expect(leases.length).toBeGreaterThan(0);
    const inState = async (...states: readonly string[]) => {
      const sql = 'SELECT id FROM ledger.lease WHERE id = ANY($1) AND state = ANY($2)';
      return (await stack.books.rows(sql, [leases, states])).length;
    };
    const stopping = stack.process('edge-2');
    const pid = stack.signal('edge-2', 'SIGTERM');
    // The door is closed while the streams still run.
    await waitUntil(async () => (await bench.askAside('late', { edge: 1 })).how === 'refused', {
      what: 'the edge takes nobody new',
      timeoutMs: 20_000,
    });
    expect(stopping.pid).toBe(pid);
    expect(notWhole(await Promise.all(streams))).toEqual([]);
    await waitUntil(() => stopping.pid !== pid, { what: 'the edge ends', timeoutMs: 30_000, intervalMs: 5 });
    // Given back, but for what its last streams cost; and that as soon as it is booked.
    expect(await inState('open')).toBe(0);
    await waitUntil(async () => (await inState('closed')) === leases.length, { what: 'its leases are closed' });
    await untilReady(stack, 'edge-2', pid);
    expect(bench.clientFaults).toEqual([]);
  }, 90_000);

  it(`a rolling restart of every worker and both edges behind a balancer: ${RUNNING} running streams notice nothing`, async () => {
    const wants = (random: Random, base: Pick<Ask, 'label' | 'edge' | 'key'>): Ask => ({
      ...base,
      models: [random.pick([CLASS_A_MODEL, CLASS_B_MODEL])],
      stream: true,
      tokens: random.int(10, 20),
      tokensPerSecond: 5,
      maxTokens: 25,
      behaviour: { kind: 'stay' },
    });
    const traffic: Traffic[] = [];
    // One crowd after the other: two hundred first requests in one moment would be another test.
    for (let crowd = 0; crowd < CROWDS; crowd += 1) {
      traffic.push(
        startTraffic({
          edgeUrls: [balancer.url],
          keys: [bench.stack.account.apiKey],
          random: new Random(16 + crowd),
          clients: RUNNING / CROWDS,
          prefix: `rolling-${crowd}`,
          wants,
        }),
      );
      await speaking(`rolling-${crowd}-`, RUNNING / CROWDS);
    }
    const restarts = [
      ['worker-sandbox-1', 'worker-groq-1'],
      ['worker-sandbox-2', 'worker-groq-2'],
      ['edge'],
      ['edge-2'],
    ];
    const before = [...balancer.given];
    for (const names of restarts) await replace(...names);
    const seen = (await Promise.all(traffic.map((crowd) => crowd.stop()))).flat();
    bench.seen.push(...seen);
    console.log(`rolling restart: ${seen.length} streams, ${balancer.given.join(' and ')} connections to the edges`);
    expect(notWhole(seen)).toEqual([]);
    expect(seen.length).toBeGreaterThan(RUNNING);
    for (const [edge, count] of balancer.given.entries()) expect(count).toBeGreaterThan(before[edge]!);
    expect(bench.clientFaults).toEqual([]);
  }, 180_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});
