import { PARTS, processorUsOf, type Cost, type Costs } from './cost.js';
import { lendingOf } from './lending.js';
import { MIXES, WHOLE, demandOf } from './mixes.js';
import { bitsPerSecond, bytes, duration, percent, shown, table } from './numbers.js';
import { PLAN, carried, layoutFor, mostPerSecond } from './plan.js';

const MILLION_A_MINUTE = 1_000_000 / 60;
const MONTH_S = 30 * 86_400;
/** The longest that an audit may take (apps/ledger/src/database/connections.ts). */
const AUDIT_LIMIT_S = 60;
/** What the broker's streams may fill as we deliver it (`max_file`). */
const STORE_BYTES = 8e9;
const RECORDS_KEPT_S = 7 * 86_400;

const names = MIXES.map(({ name }) => name);

export function costsTable(costs: Costs): string {
  const units: readonly (readonly [string, Cost])[] = [
    ['one request and its whole answer', costs.request],
    ['one more chunk of a stream', costs.chunk],
    ['one more megabyte of body', costs.megabyte],
  ];
  return table(
    ['microseconds of processor time', ...PARTS, 'all', 'messages to the broker', 'bytes to the broker'],
    units.map(([name, cost]) => [
      name,
      ...PARTS.map((part) => shown(cost.processorUs[part])),
      shown(processorUsOf(cost)),
      shown(cost.messagesIn),
      bytes(cost.bytesIn),
    ]),
  );
}

const ONE_OF_EACH = [
  { part: 'edge', name: 'one edge process', grows: 'more processes behind the balancer' },
  { part: 'worker', name: 'one worker process', grows: 'more processes in the queue group' },
  { part: 'broker', name: 'one core of the broker', grows: 'more cores, then a cluster' },
  { part: 'rest', name: 'auth, registry, prober, vault', grows: 'more processes, but one prober leads' },
  { part: 'ledger', name: 'one ledger process', grows: 'more processes at the same PostgreSQL' },
  { part: 'stream', name: 'the stream of usage', grows: '**not yet**: it is one stream' },
  { part: 'books', name: 'one PostgreSQL with the books', grows: '**not yet**: the ledger cannot be divided' },
] as const;

/** What the first of each part carries, and how it grows; what is full first in each load is set in bold. */
export function partsTable(costs: Costs): string {
  const most = MIXES.map((mix) => mostPerSecond(mix, costs));
  return table(
    ['requests per second', ...names, 'more of it'],
    ONE_OF_EACH.map(({ part, name, grows }) => [
      name,
      ...most.map((limits) => {
        const isFirst = limits[part] === Math.min(...Object.values(limits));
        return isFirst ? `**${shown(limits[part])}**` : shown(limits[part]);
      }),
      grows,
    ]),
  );
}

export function carriesTable(costs: Costs): string {
  const sizes = [
    { name: 'one core', cores: 1, clustered: false },
    { name: 'one machine of 8 cores', cores: 8, clustered: false },
    { name: 'one machine of 32 cores', cores: 32, clustered: false },
    { name: 'ten machines of 32 cores', cores: 320, clustered: true },
  ];
  return table(
    ['requests per second', ...names],
    sizes.map(({ name, cores, clustered }) => [
      name,
      ...MIXES.map((mix) => {
        const { perSecond, bound } = carried(mix, costs, cores, clustered);
        return bound === 'processors' ? shown(perSecond) : `${shown(perSecond)} (${bound})`;
      }),
    ]),
  );
}

export function growthTable(costs: Costs): string {
  return table(
    [
      'whole answers per second',
      'edges',
      'workers',
      'cores of the broker',
      'ledgers',
      'cores of PostgreSQL',
      'what is full',
    ],
    [100, 500, 1_000, 2_000, 5_000, MILLION_A_MINUTE].map((perSecond) => {
      const { edges, workers, brokerCores, ledgers, databaseCores } = layoutFor(WHOLE, costs, perSecond);
      const { stream, books } = mostPerSecond(WHOLE, costs);
      const full = [
        ...(perSecond > PLAN.used * stream ? ['the stream of usage'] : []),
        ...(perSecond > PLAN.used * books ? ['the books'] : []),
      ];
      return [perSecond, edges, workers, brokerCores, ledgers, databaseCores]
        .map(shown)
        .concat(full.join(' and ') || 'nothing');
    }),
  );
}

export function millionTable(costs: Costs): string {
  const layouts = MIXES.map((mix) => layoutFor(mix, costs, MILLION_A_MINUTE));
  const row = (name: string, of: (layout: (typeof layouts)[number]) => string): string[] => [name, ...layouts.map(of)];
  return table(
    ['1 million requests a minute', ...names],
    [
      row('requests that run at a time', ({ running }) => shown(running)),
      row('chunks per second', ({ chunksPerSecond }) => shown(chunksPerSecond)),
      row('edge processes', ({ edges }) => shown(edges)),
      row('worker processes', ({ workers }) => shown(workers)),
      row(`machines of ${PLAN.coresPerMachine} cores for all but the brokers`, ({ machines }) => shown(machines)),
      row('cells (a broker cluster, and a ledger with its PostgreSQL)', ({ cells }) => shown(cells)),
      row('brokers, three to a cell', ({ brokers }) => shown(brokers)),
      row('cores of all brokers', ({ brokerCores }) => shown(brokerCores)),
      row('cores of all PostgreSQL primaries', ({ databaseCores }) => shown(databaseCores)),
      row('ledger processes', ({ ledgers }) => shown(ledgers)),
      row('memory of edges and workers', ({ memoryBytes }) => bytes(memoryBytes)),
      row('between clients and edges', ({ clientBytesPerSecond }) => bitsPerSecond(clientBytesPerSecond)),
      row('out of the brokers, routes included', ({ brokerBytesPerSecond }) => bitsPerSecond(brokerBytesPerSecond)),
      row('messages per second to the brokers', ({ brokerMessagesPerSecond }) => shown(brokerMessagesPerSecond)),
      row('heartbeats delivered per second', ({ beatsPerSecond }) => shown(beatsPerSecond)),
      row('write-ahead log of PostgreSQL', ({ logBytesPerSecond }) => `${bytes(logBytesPerSecond)}/s`),
    ],
  );
}

export function lendingTable(costs: Costs): string {
  const cases = [
    { keys: 100, edgesPerKey: 60 },
    { keys: 10_000, edgesPerKey: 60 },
    { keys: 10_000, edgesPerKey: 4 },
    { keys: 100_000, edgesPerKey: 60 },
    { keys: 100_000, edgesPerKey: 4 },
    { keys: 100_000, edgesPerKey: 1 },
  ];
  return table(
    [
      'active keys',
      'edges that a key reaches',
      'open leases',
      'loans per second',
      'renewals per second',
      'cores of PostgreSQL for that',
    ],
    cases.map(({ keys, edgesPerKey }) => {
      const { openLeases, grantsPerSecond, renewalsPerSecond, cores } = lendingOf(costs, {
        perSecond: MILLION_A_MINUTE,
        keys,
        edgesPerKey,
      });
      return [keys, edgesPerKey, openLeases, grantsPerSecond, renewalsPerSecond, cores].map(shown);
    }),
  );
}

/** After a week the first records leave again, and what is left takes longer than this page can say. */
function storeLasts(bytesPerSecond: number): string {
  const seconds = STORE_BYTES / bytesPerSecond;
  return seconds > RECORDS_KEPT_S ? 'more than a week' : duration(seconds);
}

export function storeTable(costs: Costs): string {
  return table(
    [
      'requests per second',
      'the 8 GB of the streams are full after',
      'generations in a month',
      'share of an audit’s 60 s at its end',
    ],
    [1, 10, 100, 1_000, MILLION_A_MINUTE].map((perSecond) => {
      const month = perSecond * MONTH_S;
      return [
        shown(perSecond),
        storeLasts(perSecond * costs.stored.bytes),
        shown(month),
        percent((month * costs.books.auditUs) / 1e6 / AUDIT_LIMIT_S),
      ];
    }),
  );
}

/** What a request of each mix takes of one core, all parts together, milliseconds. */
export const coreTable = (costs: Costs): string =>
  table(
    ['milliseconds of processor time per request', ...names],
    [['all parts together', ...MIXES.map((mix) => shown(processorUsOf(demandOf(mix, costs)) / 1_000))]],
  );
