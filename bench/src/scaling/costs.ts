import type { Costs } from './cost.js';

/**
 * The one file of figures behind docs/scaling.md. `npm run bench:scaling -- --measure` prints what a run can measure, and
 * `npm run bench:ledger` what `books` says; after a change here `npm run bench:scaling` writes the page again.
 */
export const COSTS: Costs = {
  measured: `Measured on 2026-11-22 on two cores that also ran the load generator, the upstream, PostgreSQL and the broker, with everything on and writes that wait for the disk. A request is what
[performance.md](performance.md) says of 32 connections; chunks came from 100 streams at 50 tokens a second, bodies had 1 MB of text. Those two and PostgreSQL were measured while the machine had other
work, so that they are rather too high.`,
  request: {
    processorUs: { edge: 800, broker: 690, worker: 670, ledger: 190, postgresql: 270, rest: 120 },
    messagesIn: 9.5,
    messagesOut: 9.5,
    bytesIn: 6_600,
    bytesOut: 6_600,
  },
  chunk: {
    processorUs: { edge: 42, broker: 30, worker: 62, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 1.01,
    messagesOut: 1.01,
    bytesIn: 234,
    bytesOut: 234,
  },
  megabyte: {
    processorUs: { edge: 16_000, broker: 2_550, worker: 15_800, ledger: 0, postgresql: 0, rest: 0 },
    messagesIn: 13.5,
    messagesOut: 14,
    bytesIn: 1_760_000,
    bytesOut: 1_760_000,
  },
  stored: { usageMessages: 1, recordMessages: 0.12, bytes: 2_600 },
  storedPerSecond: 4_200,
  memory: { processMb: 300, streamKb: 100 },
  books: { bookedPerSecond: 6_900, topUpUs: 1_100, grantAndReturnUs: 2_300, logBytes: 2_100, auditUs: 7.5 },
};
