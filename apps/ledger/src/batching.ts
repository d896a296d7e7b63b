/**
 * How much of a stream is booked as one: a batch costs PostgreSQL about the same whether it has forty messages or three times as many,
 * and balances are right within a second all the same.
 */
export const BATCHING = { maxBatch: 500, maxWaitMs: 150 } as const;
