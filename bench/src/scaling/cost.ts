/** Whose processor time is told apart. `rest`: auth, registry, prober and vault together. */
export const PARTS = ['edge', 'broker', 'worker', 'ledger', 'postgresql', 'rest'] as const;
export type Part = (typeof PARTS)[number];

/** What one piece of work costs, all that follows from it in the background included. */
export interface Cost {
  /** Microseconds of processor time, user and system. */
  readonly processorUs: Readonly<Record<Part, number>>;
  /** Over the broker: what it is given, and what it gives to readers. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Everything measured that the page about scaling follows from. */
export interface Costs {
  /** When and how, as sentences for the page. */
  readonly measured: string;
  /** A short request and its whole answer, with keys, routing, ledger and metrics. */
  readonly request: Cost;
  /** One more event of a stream that comes at the pace of a model. */
  readonly chunk: Cost;
  /** One more million bytes of a request's body. */
  readonly megabyte: Cost;
  /** What one request leaves in the broker's streams: messages taken to the disk one by one, and bytes. */
  readonly stored: { readonly usageMessages: number; readonly recordMessages: number; readonly bytes: number };
  /** Messages per second that one stream takes when each waits for the disk. */
  readonly storedPerSecond: number;
  readonly memory: {
    /** A process without work, megabytes. */
    readonly processMb: number;
    /** What an edge and a worker together hold for one running stream, kilobytes. */
    readonly streamKb: number;
  };
  readonly books: {
    /** Generations per second that one PostgreSQL books. */
    readonly bookedPerSecond: number;
    /** Processor time of PostgreSQL for renewing a lease, and for lending and taking back, microseconds. */
    readonly topUpUs: number;
    readonly grantAndReturnUs: number;
    /** Write-ahead log per generation. */
    readonly logBytes: number;
    /** How long the audit of the open months reads per generation. */
    readonly auditUs: number;
  };
}

/** @returns the sum of `count` times each cost */
export function addUp(parts: readonly (readonly [cost: Cost, count: number])[]): Cost {
  const sum = (of: (cost: Cost) => number): number =>
    parts.reduce((total, [cost, count]) => total + count * of(cost), 0);
  return {
    processorUs: {
      edge: sum(({ processorUs }) => processorUs.edge),
      broker: sum(({ processorUs }) => processorUs.broker),
      worker: sum(({ processorUs }) => processorUs.worker),
      ledger: sum(({ processorUs }) => processorUs.ledger),
      postgresql: sum(({ processorUs }) => processorUs.postgresql),
      rest: sum(({ processorUs }) => processorUs.rest),
    },
    messagesIn: sum(({ messagesIn }) => messagesIn),
    messagesOut: sum(({ messagesOut }) => messagesOut),
    bytesIn: sum(({ bytesIn }) => bytesIn),
    bytesOut: sum(({ bytesOut }) => bytesOut),
  };
}

export const processorUsOf = ({ processorUs }: Cost): number =>
  PARTS.reduce((total, part) => total + processorUs[part], 0);
