import type { NamedProcess, Target } from '../targets/target.js';
import type { SwitchyardTarget } from '../targets/switchyard.js';
import type { Pace } from '../upstream/answers.js';
import { bodyOf, openClient } from '../measure/client.js';
import { closedLoop } from '../measure/load.js';
import { readProcesses } from '../measure/processes.js';
import { median } from '../measure/statistics.js';
import { allocatedBytes, survivingBytes } from './allocations.js';

export interface Work {
  readonly pace: Pace;
  readonly stream: boolean;
  /** Requests that run at the same time. */
  readonly lanes: number;
  readonly requests: number;
}

/** The two processes that a request passes. */
const ON_THE_WAY = /^(?:edge|worker-local-1)$/;

/** @throws Error when a request fails: a refusal would be cheap. */
export async function send(target: Target, { pace, stream, lanes, requests }: Work): Promise<void> {
  const client = openClient(target, bodyOf(target, pace, { stream }), { connections: lanes, stream });
  const { exchanges } = await closedLoop(client, lanes, requests);
  await client.close();
  const failed = exchanges.filter(({ ok }) => !ok);
  if (failed[0]) throw new Error(`${target.name}: ${failed.length} failed, the first with HTTP ${failed[0].status}`);
}

async function cpuUsOf(
  processes: readonly NamedProcess[],
  work: () => Promise<unknown>,
  count: number,
): Promise<number> {
  const total = () => [...readProcesses(processes).values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const before = total();
  await work();
  return ((total() - before) * 1_000) / count;
}

export interface CpuRatio {
  /** Medians, in microseconds per request. */
  readonly gatewayUs: number;
  readonly floorUs: number;
  /** Of the rounds' ratios the median. */
  readonly ratio: number;
}

/**
 * Processor time of edge and worker for a request, against what the bare proxy needs for the same in the same minute: a slow or busy
 * machine is slow for both. What the ledger and others do afterwards is no part of it.
 */
export async function cpuRatio(
  gateway: SwitchyardTarget,
  floor: Target,
  work: Work,
  { rounds, floorRequests }: { rounds: number; floorRequests: number },
): Promise<CpuRatio> {
  const onTheWay = gateway.processes().filter(({ name }) => ON_THE_WAY.test(name));
  if (onTheWay.length !== 2) throw new Error('an edge and a worker are what is measured');
  const pairs: { gatewayUs: number; floorUs: number }[] = [];
  for (let round = 0; round < rounds; round += 1)
    pairs.push({
      gatewayUs: await cpuUsOf(onTheWay, () => send(gateway, work), work.requests),
      // It is so much faster that as few requests would be too little to count.
      floorUs: await cpuUsOf(floor.processes(), () => send(floor, { ...work, requests: floorRequests }), floorRequests),
    });
  return {
    gatewayUs: Math.round(median(pairs.map(({ gatewayUs }) => gatewayUs))),
    floorUs: Math.round(median(pairs.map(({ floorUs }) => floorUs))),
    ratio: median(pairs.map(({ gatewayUs, floorUs }) => gatewayUs / floorUs)),
  };
}

/** Messages that clients of the broker have sent until now, from its monitoring address. */
export async function brokerMessages(monitorUrl: string): Promise<number> {
  const { in_msgs: messages } = (await (await fetch(`${monitorUrl}/varz`)).json()) as { in_msgs: number };
  return messages;
}

/** Kilobytes that each process allocates for a request. */
export const allocatedKb = kilobytes(allocatedBytes);
/** Kilobytes of them that are not gone when the young generation is collected. */
export const survivingKb = kilobytes(survivingBytes);

function kilobytes(measure: typeof allocatedBytes) {
  return async (
    ports: Readonly<Record<string, number>>,
    target: Target,
    work: Work,
  ): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    // One after the other: two debuggers at once would each see the other's delays.
    for (const [name, port] of Object.entries(ports))
      found[name] = (await measure(port, () => send(target, work))) / work.requests / 1_024;
    return found;
  };
}
