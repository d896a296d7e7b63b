import {
  allocatedKb,
  brokerMessages,
  cpuRatio,
  debuggable,
  send,
  startBareProxy,
  startSwitchyard,
  startUpstream,
  type Child,
  type CpuRatio,
  type SwitchyardTarget,
  type Target,
  type Work,
} from '@switchyard/bench/gate';
import { freePort, startNatsServer, type TestNats } from '@switchyard/testing';
import { Client } from 'pg';
import { ROOT, START_TIMEOUT_MS } from './test-stack.js';

const REQUEST: Work = {
  pace: { tokens: 20, tokensPerSecond: 0, latencyMs: 0 },
  stream: false,
  lanes: 16,
  requests: 600,
};
const STREAM: Work = { pace: { tokens: 50, tokensPerSecond: 0, latencyMs: 0 }, stream: true, lanes: 16, requests: 200 };
/** One after the other, so that nothing travels together because it happened to meet. */
const ALONE: Work = { ...REQUEST, lanes: 1, requests: 200 };

/**
 * What a request may cost, wide above what it did cost when this was written: counts of the same code are the same everywhere, and
 * processor time is compared with a bare proxy's on the same machine.
 */
const MOST = {
  /** Times what the bare proxy needs. */
  requestCpu: 40,
  streamCpu: 30,
  brokerMessages: 17,
  edgeKb: 360,
  workerKb: 330,
  /** Far below one: nothing that a request waits for asks the database. */
  transactions: 0.5,
};

const shown = ({ gatewayUs, floorUs, ratio }: CpuRatio): string =>
  `${gatewayUs} µs in edge and worker, bare proxy ${floorUs} µs: ${ratio.toFixed(1)} times`;

describe('the cost of a request', () => {
  const seen: string[] = [];
  let nats: TestNats;
  let upstream: Child;
  let floor: Target;
  let gateway: SwitchyardTarget;
  let ports: { edge: number; worker: number };
  beforeAll(async () => {
    ports = { edge: await freePort(), worker: await freePort() };
    nats = await startNatsServer({ monitored: true, durable: true });
    upstream = await startUpstream();
    floor = await startBareProxy(upstream);
    gateway = await startSwitchyard({
      root: ROOT,
      upstream,
      paces: [REQUEST.pace, STREAM.pace],
      environment: { NATS_URL: nats.url },
      overrides: { edge: debuggable(ports.edge), 'worker-local-1': debuggable(ports.worker) },
      progress: () => undefined,
    });
    // Until all of it is compiled and the account has borrowed its first credit.
    for (const target of [gateway, floor]) {
      await send(target, REQUEST);
      await send(target, STREAM);
    }
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    console.info(seen.join('\n'));
    await gateway?.stop();
    await floor?.stop();
    await upstream?.stop();
    await nats?.stop();
  }, START_TIMEOUT_MS);

  it.each([
    ['whole answers', REQUEST, MOST.requestCpu],
    ['streams of 50 chunks', STREAM, MOST.streamCpu],
  ])(
    'in processor time is so many times that of a bare proxy: %s',
    async (name, work, most) => {
      const cost = await cpuRatio(gateway, floor, work, { rounds: 3, floorRequests: 3 * work.requests });
      seen.push(`${name}: ${shown(cost)}`);
      expect(cost.ratio).toBeLessThan(most);
    },
    60_000,
  );

  it('in messages through the broker is what the data plane and the books need', async () => {
    const before = await brokerMessages(nats.monitorUrl);
    await send(gateway, ALONE);
    const each = ((await brokerMessages(nats.monitorUrl)) - before) / ALONE.requests;
    seen.push(`messages through the broker: ${each.toFixed(2)}`);
    expect(each).toBeLessThan(MOST.brokerMessages);
    // Fewer than a call, its acceptance, the go, an answer and its usage would mean that nothing was counted.
    expect(each).toBeGreaterThan(4);
  }, 60_000);

  it('in memory that edge and worker allocate stays what it was', async () => {
    const each = await allocatedKb(ports, gateway, ALONE);
    seen.push(`allocated: edge ${each['edge']?.toFixed(1)} kB, worker ${each['worker']?.toFixed(1)} kB`);
    expect(each['edge']).toBeLessThan(MOST.edgeKb);
    expect(each['worker']).toBeLessThan(MOST.workerKb);
    // Less than its own text would mean that nothing was sampled.
    expect(Math.min(...Object.values(each))).toBeGreaterThan(1);
  }, 60_000);

  it('in transactions of the database is a small part of one', async () => {
    const client = new Client({ connectionString: gateway.stack.databaseUrl });
    await client.connect();
    try {
      const committed = async () => {
        const { rows } = await client.query<{ count: string }>(
          'SELECT sum(xact_commit) AS count FROM pg_stat_database',
        );
        return Number(rows[0]?.count);
      };
      const before = await committed();
      await send(gateway, REQUEST);
      await send(gateway, REQUEST);
      const each = ((await committed()) - before) / (2 * REQUEST.requests);
      seen.push(`transactions: ${each.toFixed(2)}`);
      expect(each).toBeLessThan(MOST.transactions);
    } finally {
      await client.end();
    }
  }, 60_000);
});
