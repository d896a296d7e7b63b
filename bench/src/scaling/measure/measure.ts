import { startNatsServer } from '@switchyard/testing';
import { bodyOf, openClient } from '../../measure/client.js';
import { closedLoop } from '../../measure/load.js';
import { residentMb } from '../../measure/processes.js';
import { pace } from '../../runs/run.js';
import { startUpstream } from '../../targets/plain.js';
import { startSwitchyard } from '../../targets/switchyard.js';
import type { Target } from '../../targets/target.js';
import { addUp, type Cost, type Costs } from '../cost.js';
import { meter, type Used } from './meter.js';
import { storedPerSecond } from './stored-per-second.js';

const [WARM_UP, REQUESTS, LANES] = [1_500, 4_000, 16];
const [STREAMS, STREAM_S, CHUNKS_PER_SECOND] = [100, 8, 50];
const [BODIES, MEGABYTES] = [50, 1];
const IDLE_MS = 3_000;

type Measured = Pick<Costs, 'request' | 'chunk' | 'megabyte' | 'stored' | 'storedPerSecond' | 'memory'>;

/** Starts everything, puts each kind of work through it, and tells what one piece of it costs. Takes about a minute, alone on the machine. */
export async function measureCosts(root: string): Promise<Measured> {
  const credentials = { user: 'switchyard', password: 'only-for-this-run' };
  const nats = await startNatsServer({ durable: true, credentials, monitored: true });
  const upstream = await startUpstream();
  const stops: (() => Promise<unknown>)[] = [() => upstream.stop(), () => nats.stop()];
  try {
    const target = await startSwitchyard({
      root,
      upstream,
      paces: [pace(20), pace(STREAM_S * CHUNKS_PER_SECOND, CHUNKS_PER_SECOND)],
      progress: console.error,
      environment: { NATS_URL: nats.url },
    });
    stops.unshift(() => target.stop());
    const processes = [...target.processes(), { name: 'nats-server', pid: nats.pid }];
    return await measureOf(target, (work) => meter(processes, nats.monitorUrl, work));
  } finally {
    for (const stop of stops) await stop();
  }
}

async function measureOf(target: Target, metered: (work: () => Promise<unknown>) => Promise<Used>): Promise<Measured> {
  await wholeAnswers(target, WARM_UP);
  const idle = await metered(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  const requests = await metered(() => wholeAnswers(target, REQUESTS));
  const request = costOf(withoutIdle(requests, idle), REQUESTS);
  const idleMb = residentMb(servingOf(target));
  let peakMb = 0;
  const streams = await metered(async () => {
    const timer = setInterval(() => (peakMb = Math.max(peakMb, residentMb(servingOf(target)))), 1_000);
    await pacedStreams(target);
    clearInterval(timer);
  });
  const bodies = await metered(() => wholeAnswers(target, BODIES, MEGABYTES * 1e6));
  const rest = (used: Used, count: number): Cost =>
    servingAlone(
      addUp([
        [withoutIdle(used, idle), 1],
        [request, -count],
      ]),
    );
  const storedOf = (stream: string) => requests.stored[stream] ?? { messages: 0, bytes: 0 };
  const [usage, records] = [storedOf('USAGE'), storedOf('GENERATIONS')];
  return {
    request,
    chunk: costOf(rest(streams, STREAMS), STREAMS * STREAM_S * CHUNKS_PER_SECOND),
    megabyte: costOf(rest(bodies, BODIES), BODIES * MEGABYTES),
    stored: {
      usageMessages: usage.messages / REQUESTS,
      recordMessages: records.messages / REQUESTS,
      bytes: Math.round((usage.bytes + records.bytes) / REQUESTS),
    },
    storedPerSecond: await storedPerSecond(),
    memory: {
      processMb: Math.round(idleMb / servingOf(target).length),
      streamKb: Math.round((Math.max(0, peakMb - idleMb) * 1_000) / STREAMS),
    },
  };
}

async function wholeAnswers(target: Target, count: number, promptBytes = 20): Promise<void> {
  const client = openClient(target, bodyOf(target, pace(20), { stream: false, promptBytes }), {
    connections: LANES,
    stream: false,
  });
  const { exchanges } = await closedLoop(client, LANES, count);
  await client.close();
  assertAll(exchanges);
}

async function pacedStreams(target: Target): Promise<void> {
  const asked = pace(STREAM_S * CHUNKS_PER_SECOND, CHUNKS_PER_SECOND);
  const client = openClient(target, bodyOf(target, asked, { stream: true }), { connections: STREAMS, stream: true });
  const running = Array.from({ length: STREAMS }, async (_, index) => {
    // Not in step with each other.
    await new Promise((resolve) => setTimeout(resolve, index * 10));
    return client.send();
  });
  assertAll(await Promise.all(running));
  await client.close();
}

function assertAll(exchanges: readonly { readonly ok: boolean; readonly status: number }[]): void {
  const failed = exchanges.filter(({ ok }) => !ok);
  if (failed[0])
    throw new Error(`${failed.length} of ${exchanges.length} failed, the first with HTTP ${failed[0].status}`);
}

const servingOf = (target: Target) => target.processes().filter(({ name }) => /^(edge|worker)/.test(name));

/** Without what the processes use when nobody asks for anything. */
const withoutIdle = (used: Used, idle: Used): Cost =>
  addUp([
    [used.cost, 1],
    [idle.cost, -used.seconds / idle.seconds],
  ]);

/** Chunks and bodies never reach the books: what those did meanwhile was work of their own, such as an audit. */
const servingAlone = (cost: Cost): Cost => ({
  ...cost,
  processorUs: { ...cost.processorUs, ledger: 0, postgresql: 0, rest: 0 },
});

/** Of one of so many; what is lost in the noise of the clock is nothing, not less. */
function costOf(cost: Cost, count: number): Cost {
  const one = (value: number): number => Math.max(0, Number((value / count).toPrecision(3)));
  return {
    processorUs: {
      edge: one(cost.processorUs.edge),
      broker: one(cost.processorUs.broker),
      worker: one(cost.processorUs.worker),
      ledger: one(cost.processorUs.ledger),
      postgresql: one(cost.processorUs.postgresql),
      rest: one(cost.processorUs.rest),
    },
    messagesIn: one(cost.messagesIn),
    messagesOut: one(cost.messagesOut),
    bytesIn: one(cost.bytesIn),
    bytesOut: one(cost.bytesOut),
  };
}
