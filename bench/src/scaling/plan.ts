import { processorUsOf, type Cost, type Costs } from './cost.js';
import { demandOf, secondsOf, type Mix } from './mixes.js';

/** What we plan with; everything else follows from the measured costs. */
export const PLAN = {
  /** Share of a processor that is used in the mean: beyond it waits grow quickly (the simulation shows how). */
  used: 0.7,
  /** Of a broker's: when one of three is gone, the other two have half as much again. */
  usedOfBroker: 0.6,
  coresPerMachine: 32,
  /** One nats-server has not been measured on more than two cores; we do not count on more than these. */
  coresPerBroker: 16,
  brokersPerCluster: 3,
  /** Streams that one worker takes at a time (`WORKER_CAPACITY`). */
  workerStreams: 1_000,
} as const;

/**
 * In a cluster a message comes in at one broker, and its reader is at another one in two of three cases: then it crosses a route as
 * well. We count that as one more message, at the price of one that comes from a client.
 */
export const ROUTED = 1 + (PLAN.brokersPerCluster - 1) / PLAN.brokersPerCluster;

/**
 * Deliveries per second between one edge and one worker that only say that they live: each beats on both of its connections for
 * streams, and both of the other's hear it; a worker every second, an edge every two.
 */
const BEATS_PER_PAIR = 2 * 2 * (1 + 1 / 2);

const US_PER_S = 1_000_000;

/** What grows by no number of processors: messages of one stream, and bookings in one PostgreSQL. Requests per second of each. */
export const serialLimits = ({ stored, storedPerSecond, books }: Costs): { stream: number; books: number } => ({
  stream: storedPerSecond / Math.max(stored.usageMessages, stored.recordMessages),
  books: books.bookedPerSecond,
});

/** Requests per second that one of each part takes at all, fully used; for the broker and PostgreSQL one of its cores. */
export function mostPerSecond(mix: Mix, costs: Costs) {
  const { processorUs } = demandOf(mix, costs);
  const { stream, books } = serialLimits(costs);
  const of = (us: number): number => (us === 0 ? Number.POSITIVE_INFINITY : US_PER_S / us);
  return {
    edge: of(processorUs.edge),
    broker: of(processorUs.broker),
    worker: of(processorUs.worker),
    ledger: of(processorUs.ledger),
    rest: of(processorUs.rest),
    stream,
    books,
  };
}

export interface Carried {
  readonly perSecond: number;
  readonly bound: 'processors' | 'the stream of usage' | 'the books';
}

/** Requests per second that so many cores carry when every part gets as much of them as it needs. */
export function carried(mix: Mix, costs: Costs, cores: number, clustered: boolean): Carried {
  const { stream, books } = serialLimits(costs);
  const perRequestUs = processorUsOf(withRoutes(demandOf(mix, costs), clustered));
  const all: Carried[] = [
    { perSecond: (PLAN.used * cores * US_PER_S) / perRequestUs, bound: 'processors' },
    { perSecond: PLAN.used * stream, bound: 'the stream of usage' },
    { perSecond: PLAN.used * books, bound: 'the books' },
  ];
  return all.reduce((least, one) => (one.perSecond < least.perSecond ? one : least));
}

export const withRoutes = (cost: Cost, clustered: boolean): Cost => ({
  ...cost,
  processorUs: { ...cost.processorUs, broker: cost.processorUs.broker * (clustered ? ROUTED : 1) },
});

/** How many of everything a rate takes, if everything could be divided as the page says. */
export function layoutFor(mix: Mix, costs: Costs, perSecond: number) {
  const demand = withRoutes(demandOf(mix, costs), true);
  const { stream, books } = serialLimits(costs);
  const cores = (us: number, used: number): number => (perSecond * us) / US_PER_S / used;
  const running = perSecond * secondsOf(mix);
  const edges = Math.ceil(cores(demand.processorUs.edge, PLAN.used));
  const workers = Math.ceil(
    Math.max(cores(demand.processorUs.worker, PLAN.used), running / (PLAN.used * PLAN.workerStreams)),
  );
  const brokerCores = cores(demand.processorUs.broker, PLAN.usedOfBroker);
  const cells = Math.max(
    Math.ceil(brokerCores / (PLAN.brokersPerCluster * PLAN.coresPerBroker)),
    Math.ceil(perSecond / (PLAN.used * stream)),
    Math.ceil(perSecond / (PLAN.used * books)),
  );
  const ledgerCores = cores(demand.processorUs.ledger + demand.processorUs.postgresql, PLAN.used);
  const restCores = cores(demand.processorUs.rest, PLAN.used);
  const serving = edges + workers + ledgerCores + restCores;
  // One machine more than the work takes, so that one may die.
  const machines = Math.ceil(serving / PLAN.coresPerMachine) + 1;
  const processes = edges + workers;
  return {
    running,
    chunksPerSecond: perSecond * mix.chunks,
    edges,
    workers,
    brokerCores,
    cells,
    ledgers: Math.ceil(cores(demand.processorUs.ledger, PLAN.used)),
    databases: cells,
    databaseCores: cores(demand.processorUs.postgresql, PLAN.used),
    restCores,
    machines,
    brokers: cells * PLAN.brokersPerCluster,
    memoryBytes: processes * costs.memory.processMb * 1e6 + running * costs.memory.streamKb * 1e3,
    clientBytesPerSecond: perSecond * (mix.bodyBytes + mix.answerBytes),
    brokerBytesPerSecond: perSecond * demand.bytesOut * ROUTED,
    brokerMessagesPerSecond: perSecond * demand.messagesIn,
    beatsPerSecond: (BEATS_PER_PAIR * edges * workers) / cells,
    logBytesPerSecond: perSecond * costs.books.logBytes,
    storedBytesPerSecond: perSecond * costs.stored.bytes,
  };
}
