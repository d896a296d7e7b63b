import { bodyOf, openClient, type Exchange } from '../measure/client.js';
import { closedLoop } from '../measure/load.js';
import { cpuPerRequest, isServer, readProcesses } from '../measure/processes.js';
import { ascending, percentile, rounded } from '../measure/statistics.js';
import type { Target } from '../targets/target.js';
import type { Pace } from '../upstream/answers.js';
import { pace, scaled, type Figures, type Run } from './run.js';

/** What a chunk passes on its way: the gateway's own two parts and the broker between them, or all of another gateway. */
const OFF_THE_WAY = /^(?:ledger|auth|registry|prober|vault|sandbox|worker-sandbox|postgres)/;
/** Usage is booked in the background; what that costs belongs to the requests. */
const SETTLE_MS = 1_500;

interface ClosedOptions {
  readonly lanes: number;
  readonly total: number;
  readonly stream: boolean;
  readonly promptBytes?: number;
  /** As in {@link Run}. */
  readonly warmUp?: number;
  /** As in {@link openClient}. */
  readonly nextKey?: () => string;
}

export const closed = (
  name: string,
  asked: Pace,
  options: ClosedOptions,
  figuresOf: (exchanges: readonly Exchange[], seconds: number) => Figures,
): Run => ({
  name,
  paces: [asked],
  rounds: 0,
  ...(options.warmUp !== undefined && { warmUp: options.warmUp }),
  async measure(target, scale) {
    const body = bodyOf(target, asked, options);
    const client = openClient(target, body, { ...options, connections: options.lanes });
    const before = readProcesses(target.processes());
    const { exchanges, seconds } = await closedLoop(client, options.lanes, scaled(options.total, scale));
    await client.close();
    if (target.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const cpu = cpuPerRequest(before, readProcesses(target.processes()), exchanges.length);
    const failed = exchanges.filter(({ ok }) => !ok);
    if (failed[0]) console.error(`${target.name}: ${failed.length} failed, the first with HTTP ${failed[0].status}`);
    return {
      ...figuresOf(exchanges, seconds),
      failures: failed.length,
      ...cpuFigures(target, cpu, exchanges),
    };
  },
});

const sumOf = (entries: readonly (readonly [string, number])[]): number =>
  entries.reduce((sum, [, value]) => sum + value, 0);

function cpuFigures(target: Target, cpu: Readonly<Record<string, number>>, exchanges: readonly Exchange[]): Figures {
  if (target.processes().length === 0) return {};
  const entries = Object.entries(cpu);
  const events = exchanges.reduce((sum, exchange) => sum + exchange.events, 0);
  const onTheWayUs = sumOf(entries.filter(([name]) => !OFF_THE_WAY.test(name))) * exchanges.length;
  return {
    ...(events > 0 && onTheWayUs > 0 && { chunksPerCoreSecond: Math.round((events / onTheWayUs) * 1e6) }),
    cpuUs: sumOf(entries.filter(([name]) => !isServer({ name }))),
    ...Object.fromEntries(Object.entries(cpu).map(([name, value]) => [`cpuUs ${name}`, value])),
  };
}

const of = (exchanges: readonly Exchange[], value: (exchange: Exchange) => number, share: number): number =>
  rounded(percentile(ascending(exchanges.map(value)), share));

export const latencies = (exchanges: readonly Exchange[]): Figures => ({
  p50Ms: of(exchanges, ({ totalMs }) => totalMs, 0.5),
  p99Ms: of(exchanges, ({ totalMs }) => totalMs, 0.99),
});

export const throughput = (exchanges: readonly Exchange[], seconds: number): Figures => ({
  perSecond: Math.round(exchanges.length / seconds),
  ...latencies(exchanges),
});

export const requests = closed(
  'requests, 32 connections',
  pace(20),
  { lanes: 32, total: 3_000, stream: false, warmUp: 5 },
  throughput,
);

export const streams = closed(
  'streams of 50 chunks, 32 connections',
  pace(50),
  { lanes: 32, total: 1_000, stream: true, warmUp: 3 },
  (exchanges, seconds) => ({
    ...throughput(exchanges, seconds),
    chunksPerSecond: Math.round(exchanges.reduce((sum, { events }) => sum + events, 0) / seconds),
  }),
);

export const latency = closed('one connection', pace(20), { lanes: 1, total: 500, stream: false }, latencies);

export const firstToken = closed(
  'first token, one connection',
  pace(20),
  { lanes: 1, total: 300, stream: true },
  (exchanges) => ({
    p50Ms: of(exchanges, ({ firstMs }) => firstMs, 0.5),
    p99Ms: of(exchanges, ({ firstMs }) => firstMs, 0.99),
  }),
);

const MIB = 1_024 * 1_024;
export const bodySizes: readonly Run[] = [
  { label: '1 kB', bytes: 1_000, total: 200 },
  { label: '100 kB', bytes: 100_000, total: 100 },
  { label: '1 MB', bytes: MIB, total: 30 },
  { label: '20 MB', bytes: 19 * MIB, total: 8 },
].map(({ label, bytes, total }) =>
  closed(
    `body of ${label}, one connection`,
    pace(20),
    { lanes: 1, total, stream: false, promptBytes: bytes },
    latencies,
  ),
);
