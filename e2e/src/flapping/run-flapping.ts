import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@switchyard/testing';
import { FailoverBench, VARIANTS, type ScenarioModel } from '../failover/failover-bench.js';
import type { Seen } from '../money/clients.js';
import { FaultBench } from '../money/fault-bench.js';

export interface FlappingOptions {
  /** How long the provider flaps: down and up in turn. */
  readonly flapMs: number;
  readonly downMs: number;
  readonly upMs: number;
  /** After flapping: down without a break. */
  readonly downForGoodMs: number;
  readonly progress?: (line: string) => void;
}

export interface FlappingReport {
  readonly requests: number;
  readonly clientFaults: readonly string[];
  readonly moneyFaults: readonly string[];
  /** Calls that the provider refused while it flapped, and while it was down for good, with what was under way when that began. */
  readonly refusedWhileFlapping: number;
  readonly refusedWhileDown: number;
  /** From its recovery to its first answer, and until every edge shows it as in order. */
  readonly firstAnswerMs: number;
  readonly backMs: number;
}

const FAULTS = ['status=503', 'status=500', 'reset', 'status=429'];
/** One request after another per client, so that the load is steady and not as much as the machine can do. */
const PAUSE_MS = 100;

/** A provider that flaps, is down, and recovers, under steady load on two edges; everything else is as in production. */
export async function runFlapping({
  progress = () => undefined,
  ...options
}: FlappingOptions): Promise<FlappingReport> {
  const bench = await FaultBench.start({ workers: 1 });
  const failover = await FailoverBench.open(bench);
  try {
    const model = await failover.model('flapping', ['first', 'second']);
    progress('started: two edges, four clients, the first of two providers flaps');
    const load = steadyLoad(model);
    await sleep(2_000);
    const refused = () => model.hits('first').then((hits) => hits.filter(({ status }) => status !== 200).length);

    for (let untilMs = performance.now() + options.flapMs, turn = 0; performance.now() < untilMs; turn += 1) {
      await model.order('first', FAULTS[turn % FAULTS.length]!);
      await sleep(options.downMs);
      await model.recover('first');
      await sleep(options.upMs);
    }
    const refusedWhileFlapping = await refused();
    progress('down for good');
    await model.order('first', 'status=503');
    await sleep(options.downForGoodMs);
    const refusedWhileDown = (await refused()) - refusedWhileFlapping;
    const answered = (await model.hits('first')).length;

    await model.recover('first');
    const recoveredAtMs = performance.now();
    progress('recovered');
    const wait = { timeoutMs: 400_000 };
    await waitUntil(async () => (await model.hits('first')).length > answered, { what: 'its first call', ...wait });
    const firstAnswerMs = performance.now() - recoveredAtMs;
    await waitUntil(() => isInOrderEverywhere(bench, model), { what: 'in order on every edge', ...wait });
    const backMs = performance.now() - recoveredAtMs;
    await sleep(2_000);
    const seen = await load.stop();
    const moneyFaults = (await bench.finalMoney()).faults;
    const { clientFaults } = bench;
    return {
      requests: seen.length,
      clientFaults: [
        ...clientFaults,
        ...seen.filter(({ how }) => how !== 'whole').map(({ how, code }) => `${how} ${code}`),
      ],
      moneyFaults,
      refusedWhileFlapping,
      refusedWhileDown,
      firstAnswerMs,
      backMs,
    };
  } finally {
    await failover.close();
    await bench.stop();
  }
}

function steadyLoad(model: ScenarioModel) {
  const seen: Seen[] = [];
  const stopping = new AbortController();
  const clients = VARIANTS.map(async (variant) => {
    while (!stopping.signal.aborted) {
      seen.push(await model.ask(variant, { tokens: 5, maxTokens: 20 }));
      await sleep(PAUSE_MS);
    }
  });
  const stop = async (): Promise<readonly Seen[]> => {
    stopping.abort();
    await Promise.all(clients);
    return seen;
  };
  return { stop };
}

interface Endpoints {
  readonly data: { readonly endpoints: readonly { readonly status: number }[] };
}

async function isInOrderEverywhere({ stack }: FaultBench, { id }: ScenarioModel): Promise<boolean> {
  const answers = await Promise.all(
    stack.edgeUrls.map(
      async (url) => (await (await fetch(`${url}/api/v1/models/${id}/endpoints`)).json()) as Endpoints,
    ),
  );
  return answers.every(({ data }) => data.endpoints.every(({ status }) => status === 0));
}
