import type { Costs } from './cost.js';

/**
 * The one file of figures behind docs/scaling.md. `npm run bench:scaling -- --measure` prints what a run can measure, and
 * `npm run bench:ledger` what `books` says; after a change here `npm run bench:scaling` writes the page again.
 */
export const COSTS: Costs = {
  measured: `One run of \`npm run bench:scaling -- --measure\` on 2026-11-22, on two cores that also ran the load generator, the upstream, PostgreSQL and the broker, with everything on and writes that wait
for the disk: 4,000 requests over 16 connections, 100 streams at 50 tokens a second for 8 s, 50 bodies of 1 MB. Messages and bytes of a request are of a second run on 2026-11-23, when an edge
began to name the worker of a call; its processor times were those of a slower day (edge 478, broker 183, worker 353, ledger 180, PostgreSQL 118 us), so those of the first run stay. What the books take is of \`npm run bench:ledger\` ([performance.md](performance.md)).`,
  request: {
    // `rest` is so little that one run says nothing: the mean of many rounds of `npm run bench`.
    processorUs: { edge: 407, broker: 177, worker: 317, ledger: 142, postgresql: 137, rest: 32 },
    messagesIn: 2,
    messagesOut: 2.01,
    bytesIn: 6_610,
    bytesOut: 6_610,
  },
  chunk: {
    processorUs: { edge: 41.5, broker: 17.7, worker: 48.7, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 0.231,
    messagesOut: 0.232,
    bytesIn: 259,
    bytesOut: 259,
  },
  megabyte: {
    processorUs: { edge: 13_300, broker: 1_870, worker: 12_600, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 7.11,
    messagesOut: 7.12,
    bytesIn: 1_000_000,
    bytesOut: 1_000_000,
  },
  stored: { usageMessages: 0.055, recordMessages: 0.055, bytes: 2_530 },
  storedPerSecond: 4_740,
  memory: { processMb: 279, streamKb: 157 },
  books: { bookedPerSecond: 6_900, topUpUs: 1_100, grantAndReturnUs: 2_300, logBytes: 2_100, auditUs: 7.5 },
};
