import type { Costs } from './cost.js';

/**
 * The one file of figures behind docs/scaling.md. `npm run bench:scaling -- --measure` prints what a run can measure, and
 * `npm run bench:ledger` what `books` says; after a change here `npm run bench:scaling` writes the page again.
 */
export const COSTS: Costs = {
  measured: `One run of \`npm run bench:scaling -- --measure\` on 2026-11-22, on two cores that also ran the load generator, the upstream, PostgreSQL and the broker, with everything on and writes that wait
for the disk: 4,000 requests over 16 connections, 100 streams at 50 tokens a second for 8 s, 50 bodies of 1 MB. What the books take is of \`npm run bench:ledger\` ([performance.md](performance.md)).`,
  request: {
    // `rest` is so little that one run says nothing: the mean of three.
    processorUs: { edge: 809, broker: 405, worker: 597, ledger: 242, postgresql: 206, rest: 47 },
    messagesIn: 6.79,
    messagesOut: 6.79,
    bytesIn: 6_590,
    bytesOut: 6_590,
  },
  chunk: {
    processorUs: { edge: 42, broker: 29.9, worker: 53.9, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 1.02,
    messagesOut: 1.02,
    bytesIn: 234,
    bytesOut: 234,
  },
  megabyte: {
    processorUs: { edge: 14_000, broker: 2_230, worker: 12_600, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 10.8,
    messagesOut: 11,
    bytesIn: 1_200_000,
    bytesOut: 1_200_000,
  },
  stored: { usageMessages: 0.09, recordMessages: 0.09, bytes: 2_540 },
  storedPerSecond: 4_770,
  memory: { processMb: 277, streamKb: 141 },
  books: { bookedPerSecond: 6_900, topUpUs: 1_100, grantAndReturnUs: 2_300, logBytes: 2_100, auditUs: 7.5 },
};
