import type { Costs } from './cost.js';

/**
 * The one file of figures behind docs/scaling.md. `npm run bench:scaling -- --measure` prints the parts that a run can measure;
 * after a change here `npm run bench:scaling` writes the page again.
 */
export const COSTS: Costs = {
  measured: 'placeholder',
  request: {
    processorUs: { edge: 800, broker: 690, worker: 670, ledger: 190, postgresql: 250, rest: 120 },
    messagesIn: 14,
    messagesOut: 15,
    bytesIn: 12_000,
    bytesOut: 12_000,
  },
  chunk: {
    processorUs: { edge: 40, broker: 12, worker: 45, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 1.1,
    messagesOut: 1.1,
    bytesIn: 330,
    bytesOut: 330,
  },
  megabyte: {
    processorUs: { edge: 8_000, broker: 1_500, worker: 8_000, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 10,
    messagesOut: 10,
    bytesIn: 1_000_000,
    bytesOut: 1_000_000,
  },
  stored: { usageMessages: 1, recordMessages: 0.2, bytes: 4_000 },
  storedPerSecond: 3_300,
  memory: { processMb: 175, streamKb: 60 },
  books: { bookedPerSecond: 6_900, topUpUs: 1_100, grantAndReturnUs: 2_300, logBytes: 2_100, auditUs: 7.5 },
};
