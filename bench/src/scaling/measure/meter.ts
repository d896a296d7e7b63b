import { readProcesses } from '../../measure/processes.js';
import type { NamedProcess } from '../../targets/target.js';
import type { Cost, Part } from '../cost.js';
import { readBroker, type BrokerCounters } from './broker-counters.js';

/** Everything that was used within a time. */
export interface Used {
  readonly seconds: number;
  readonly cost: Cost;
  readonly stored: BrokerCounters['stored'];
}

/** What is behind the requests goes on after the last answer: usage is booked, records are stored. */
const SETTLE_MS = 2_000;

const partOf = (process: string): Part => {
  for (const part of ['edge', 'worker', 'ledger'] as const) if (process.startsWith(part)) return part;
  if (process === 'postgres') return 'postgresql';
  return process === 'nats-server' ? 'broker' : 'rest';
};

/** Does the work, and tells what the processes and the broker used from its beginning until everything behind it is done. */
export async function meter(
  processes: readonly NamedProcess[],
  monitorUrl: string,
  work: () => Promise<unknown>,
): Promise<Used> {
  const [before, brokerBefore, startedAt] = [readProcesses(processes), await readBroker(monitorUrl), performance.now()];
  await work();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const [after, broker, seconds] = [
    readProcesses(processes),
    await readBroker(monitorUrl),
    (performance.now() - startedAt) / 1_000,
  ];
  const processorUs: Record<Part, number> = { edge: 0, broker: 0, worker: 0, ledger: 0, postgresql: 0, rest: 0 };
  for (const [name, { cpuMs }] of after) processorUs[partOf(name)] += (cpuMs - (before.get(name)?.cpuMs ?? 0)) * 1_000;
  return {
    seconds,
    cost: {
      processorUs,
      messagesIn: broker.messagesIn - brokerBefore.messagesIn,
      messagesOut: broker.messagesOut - brokerBefore.messagesOut,
      bytesIn: broker.bytesIn - brokerBefore.bytesIn,
      bytesOut: broker.bytesOut - brokerBefore.bytesOut,
    },
    stored: Object.fromEntries(
      Object.entries(broker.stored).map(([name, { messages, bytes }]) => [
        name,
        {
          messages: messages - (brokerBefore.stored[name]?.messages ?? 0),
          bytes: bytes - (brokerBefore.stored[name]?.bytes ?? 0),
        },
      ]),
    ),
  };
}
