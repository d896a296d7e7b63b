import {
  allocatedKb,
  brokerMessages,
  cpuRatio,
  debuggable,
  send,
  startBareProxy,
  startSwitchyard,
  startUpstream,
  survivingKb,
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
  requests: 400,
};
const STREAM: Work = { pace: { tokens: 50, tokensPerSecond: 0, latencyMs: 0 }, stream: true, lanes: 16, requests: 200 };
const WARM_UP = 1_500;
const ROUNDS = 3;
const IDLE_MS = 2_000;
/** One after the other, so that nothing travels together because it happened to meet. */
const ALONE: Work = { ...REQUEST, lanes: 1, requests: 200 };

/**
 * What a request may cost, wide above what it did cost when this was written: counts of the same code are the same everywhere, and
 * processor time is compared with a bare proxy's on the same machine.
 */
const MOST = {
  /** Times what the bare proxy needs. */
  requestCpu: 13,
  streamCpu: 10,
  /** A slow machine gathers less in one message, and nears what every request costs by itself. */
  brokerMessages: 11,
  edgeKb: 220,
  workerKb: 190,
  /** Of these, what outlives a collection of the young generation. */
  edgeSurvivingKb: 7,
  workerSurvivingKb: 5,
  /** Far below one: nothing that a request waits for asks the database. */
  lookups: 0.05,
  leases: 0.05,
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
  let counted: { lookups: number; leases: number };
  let sent = 0;
  /** Of the gateway, when it was warm. */
  const work = async (what: Work) => {
    await send(gateway, what);
    sent += what.requests;
  };
  beforeAll(async () => {
    ports = { edge: await freePort(), worker: await freePort() };
    nats = await startNatsServer({ monitored: true, durable: true });
    upstream = await startUpstream();
    floor = await startBareProxy(upstream);
    gateway = await startSwitchyard({
      root: ROOT,
      upstream,
      paces: [REQUEST.pace, STREAM.pace],
      // A machine that is busy with others is slow here, not overloaded.
      environment: { NATS_URL: nats.url, MAX_LOOP_LAG_MS: '60000' },
      overrides: { edge: debuggable(ports.edge), 'worker-local-1': debuggable(ports.worker) },
      progress: () => undefined,
    });
    // Until all of it is compiled and the account has borrowed its first credit.
    for (const target of [gateway, floor]) {
      // Processes that have just started may turn one away; what is measured may not.
      for (const cold of [{ ...REQUEST, requests: WARM_UP }, STREAM])
        await send(target, cold).catch((error: unknown) => seen.push(`while it warmed up: ${String(error)}`));
    }
    counted = await databaseCounts(gateway.stack.databaseUrl);
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
    async (name, asked, most) => {
      const cost = await cpuRatio(gateway, floor, asked, { rounds: ROUNDS, floorRequests: 3 * asked.requests });
      sent += ROUNDS * asked.requests;
      seen.push(`${name}: ${shown(cost)}`);
      expect(cost.ratio).toBeLessThan(most);
    },
    60_000,
  );

  it('in messages through the broker is what the data plane and the books need', async () => {
    const during = async (what: () => Promise<unknown>) => {
      const [before, startedAtMs] = [await brokerMessages(nats.monitorUrl), performance.now()];
      await what();
      return { messages: (await brokerMessages(nats.monitorUrl)) - before, ms: performance.now() - startedAtMs };
    };
    // What processes tell each other anyway is no cost of a request, however long the requests take here.
    const idle = await during(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
    const busy = await during(() => work(ALONE));
    const idlePerMs = idle.messages / idle.ms;
    const each = (busy.messages - idlePerMs * busy.ms) / ALONE.requests;
    seen.push(`messages through the broker: ${each.toFixed(2)}, idle ${(idlePerMs * 1_000).toFixed(0)} a second`);
    expect(each).toBeLessThan(MOST.brokerMessages);
    // A call, its answer and the confirmation are a message each, its usage a part of one: fewer would mean that nothing was counted.
    expect(each).toBeGreaterThan(3);
  }, 60_000);

  it('in memory that edge and worker allocate stays what it was', async () => {
    const each = await allocatedKb(ports, gateway, ALONE);
    sent += 2 * ALONE.requests;
    seen.push(`allocated: edge ${each['edge']?.toFixed(1)} kB, worker ${each['worker']?.toFixed(1)} kB`);
    expect(each['edge']).toBeLessThan(MOST.edgeKb);
    expect(each['worker']).toBeLessThan(MOST.workerKb);
    // Less than its own text would mean that nothing was sampled.
    expect(Math.min(...Object.values(each))).toBeGreaterThan(1);
  }, 60_000);

  it('in memory is gone when the young generation is collected', async () => {
    const each = await survivingKb(ports, gateway, { ...ALONE, requests: 400 });
    sent += 2 * 400;
    seen.push(`outlives a collection: edge ${each['edge']?.toFixed(1)} kB, worker ${each['worker']?.toFixed(1)} kB`);
    expect(each['edge']).toBeLessThan(MOST.edgeSurvivingKb);
    expect(each['worker']).toBeLessThan(MOST.workerSurvivingKb);
    // Everything would mean that nothing was collected; nothing, that nothing was sampled.
    expect(Math.min(...Object.values(each))).toBeGreaterThan(0);
  }, 60_000);

  it('in look-ups of the key and in borrowed credit is next to nothing: neither is asked for again', async () => {
    const after = await databaseCounts(gateway.stack.databaseUrl);
    const each = (name: 'lookups' | 'leases') => (after[name] - counted[name]) / sent;
    seen.push(
      `of ${sent} requests: ${after.lookups - counted.lookups} look-ups of keys, ${after.leases - counted.leases} leases`,
    );
    expect(each('lookups')).toBeLessThan(MOST.lookups);
    expect(each('leases')).toBeLessThan(MOST.leases);
    // The first request needed both.
    expect(Math.min(after.lookups, after.leases)).toBeGreaterThan(0);
  }, 60_000);
});

/** How often keys were looked for and leases were written since the beginning, as PostgreSQL counts it, some seconds late. */
async function databaseCounts(url: string): Promise<{ lookups: number; leases: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ lookups: string; leases: string }>(
      `SELECT sum(seq_scan + idx_scan) FILTER (WHERE relid = 'auth.api_key'::regclass) AS lookups,
              sum(n_tup_ins) FILTER (WHERE relid = 'ledger.lease'::regclass) AS leases FROM pg_stat_user_tables`,
    );
    return { lookups: Number(rows[0]?.lookups), leases: Number(rows[0]?.leases) };
  } finally {
    await client.end();
  }
}
