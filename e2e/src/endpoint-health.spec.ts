import { connectBus } from '@switchyard/bus';
import { GetModel, PutModel } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { FailoverBench, VARIANTS, type ScenarioModel } from './failover/failover-bench.js';
import type { Seen } from './money/clients.js';
import { FaultBench } from './money/fault-bench.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** Instead of half a minute, so that a test can wait for some of them. */
const STEP_MS = 2_000;
const EDGES = 2;
const WAIT = { timeoutMs: 90_000 } as const;

interface PublicEndpoint {
  readonly provider_name: string;
  readonly status: number;
  readonly uptime_last_30m: number | null;
  readonly latency_last_30m: Readonly<Record<string, number>> | null;
  readonly throughput_last_30m: Readonly<Record<string, number>> | null;
}

describe('the health of endpoints', () => {
  let bench: FaultBench;
  let failover: FailoverBench;
  beforeAll(async () => {
    const seconds = String(STEP_MS / 1_000);
    bench = await FaultBench.start({
      workers: 1,
      environment: { EJECTION_SECONDS: seconds, ACTIVE_PROBES: 'free', PROBE_INTERVAL_SECONDS: seconds },
    });
    failover = await FailoverBench.open(bench);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await failover?.close();
    await bench?.stop();
  }, START_TIMEOUT_MS);

  const endpoints = async ({ id }: ScenarioModel, edge = 0): Promise<readonly PublicEndpoint[]> => {
    const response = await fetch(`${bench.stack.edgeUrls[edge]}/api/v1/models/${id}/endpoints`);
    return ((await response.json()) as { data: { endpoints: readonly PublicEndpoint[] } }).data.endpoints;
  };
  const sandboxOf = async (model: ScenarioModel, edge: number) =>
    (await endpoints(model, edge)).find(({ provider_name }) => /sandbox/i.test(provider_name))!;
  const onEveryEdge = (model: ScenarioModel, is: (endpoint: PublicEndpoint) => boolean, what: string) =>
    waitUntil(async () => (await Promise.all([0, 1].map((edge) => sandboxOf(model, edge)))).every(is), {
      what,
      ...WAIT,
    });

  /** Clients that ask one after another, one at each edge in both ways, until they are told to stop. */
  function steadyLoad(model: ScenarioModel) {
    const seen: Seen[] = [];
    const stopping = new AbortController();
    const client = async (variant: (typeof VARIANTS)[number]) => {
      while (!stopping.signal.aborted) seen.push(await model.ask(variant, { tokens: 5, maxTokens: 20 }));
    };
    const clients = VARIANTS.map(client);
    const stop = async (): Promise<void> => {
      stopping.abort();
      await Promise.all(clients);
    };
    return { seen, stop };
  }

  it('takes a provider that flaps out, tries it now and then, and has it back at its first answer; no client sees any of it', async () => {
    const model = await failover.model('flapping', ['first', 'second']);
    const load = steadyLoad(model);
    await waitUntil(async () => (await model.hits('first')).length >= 8, { what: 'some answers', ...WAIT });

    // Up and down faster than it is taken out.
    for (const fault of ['status=503', 'status=500', 'reset', 'status=429']) {
      await model.order('first', fault, 3);
      const before = (await model.hits('first')).length;
      await waitUntil(async () => (await model.hits('first')).length >= before + 4, {
        what: `${fault} and on`,
        ...WAIT,
      });
      await model.recover('first');
    }

    // Down for good.
    await model.order('first', 'status=503');
    await onEveryEdge(model, ({ status }) => status <= -2, 'out on every edge');
    const outAtMs = performance.now();
    const before = (await model.hits('first')).length;
    await waitUntil(async () => (await model.hits('first')).length >= before + 3, { what: 'three trials', ...WAIT });
    const trials = (await model.hits('first')).length - before;
    const steps = (performance.now() - outAtMs) / STEP_MS;
    // What was under way when it went out, and then one per edge and step at most.
    expect(trials).toBeLessThanOrEqual(VARIANTS.length + EDGES * Math.ceil(steps));

    await model.recover('first');
    await onEveryEdge(model, ({ status }) => status === 0, 'back on every edge');
    const back = (await model.hits('first')).length;
    await waitUntil(async () => (await model.hits('first')).length >= back + 8, { what: 'it serves again', ...WAIT });
    await load.stop();
    expect(load.seen.filter(({ how }) => how !== 'whole')).toEqual([]);
    expect(load.seen.length).toBeGreaterThan(30);
  }, 240_000);

  it('shows uptime, latency and throughput of the model’s endpoints', async () => {
    const model = await failover.model('figures', ['first', 'second']);
    for (let count = 0; count < 4; count += 1) await model.ask(VARIANTS[0]!, { tokens: 20, maxTokens: 20 });
    await onEveryEdge(model, ({ latency_last_30m }) => latency_last_30m !== null, 'figures on every edge');
    const { uptime_last_30m, latency_last_30m, throughput_last_30m } = await sandboxOf(model, 0);
    expect(uptime_last_30m).toBe(100);
    for (const figures of [latency_last_30m, throughput_last_30m])
      expect(Object.keys(figures ?? {})).toEqual(['p50', 'p75', 'p90', 'p99']);
    expect(latency_last_30m!['p50']).toBeLessThanOrEqual(latency_last_30m!['p99']!);
  }, 120_000);

  it('shows what is out to anyone, also as a page', async () => {
    const model = await failover.model('shown', ['first', 'second']);
    await model.order('first', 'status=503');
    for (let count = 0; count < 6; count += 1) await model.ask(VARIANTS[0]!, { tokens: 1, maxTokens: 5 });
    const ask = (accept: string) => fetch(`${bench.stack.baseUrl}/status`, { headers: { accept } });
    interface Told {
      readonly data: { readonly status: string; readonly endpoints: readonly { readonly model_id: string }[] };
    }
    await waitUntil(
      async () => {
        const { data } = (await (await ask('*/*')).json()) as Told;
        return data.status !== 'operational' && data.endpoints.some(({ model_id }) => model_id === model.id);
      },
      { what: 'the endpoint in the status', ...WAIT },
    );
    const page = await (await ask('text/html')).text();
    expect(page).toContain(`<code>${model.id}</code>`);
    await model.recover('first');
  }, 120_000);

  it('asks a free endpoint that is out itself, and nobody pays for it', async () => {
    const model = await failover.model('probed', ['first', 'second']);
    const bus = await connectBus({ servers: bench.stack.natsUrl, name: 'free' });
    try {
      const options = { timeoutMs: 15_000 };
      const { model: priced } = await bus.rpc.call(GetModel, { modelId: model.id }, options);
      const free = { version: 'free', prompt: 0n, completion: 0n };
      const withoutPrice = priced!.endpoints.map((one) => (one.provider === 'sandbox' ? { ...one, price: free } : one));
      await bus.rpc.call(PutModel, { model: { ...priced!, endpoints: withoutPrice }, force: true }, options);
    } finally {
      await bus.close();
    }
    await model.order('first', 'status=503');
    for (let count = 0; count < 6; count += 1) await model.ask(VARIANTS[0]!, { tokens: 1, maxTokens: 5 });
    await waitUntil(async () => (await sandboxOf(model, 0)).status <= -2, {
      what: 'out on the edge that saw it',
      ...WAIT,
    });
    const asked = (await model.hits('first')).length;
    await waitUntil(async () => (await model.hits('first')).length > asked, {
      what: 'a probe that is refused',
      ...WAIT,
    });
    await model.recover('first');
    await onEveryEdge(model, ({ status }) => status === 0, 'back without a client’s request');
  }, 120_000);

  it('has cost nobody anything that they did not ask for', async () => {
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 180_000);
});
