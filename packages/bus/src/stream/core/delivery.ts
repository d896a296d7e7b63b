/**
 * Whether the last frame of a stream, and with it the whole answer, reached its client. `confirmed`: the edge says so. `lost`: the
 * edge is dead, so it did not, and nobody else will tell. `unknown`: the edge gave the stream up and may have asked another worker
 * in its place, or this process could not find out before it had to forget; what the edge says of it counts.
 */
export type Delivery = 'confirmed' | 'lost' | 'unknown';

/** Reasons of an abort that come from the death of an edge. */
const EDGE_GONE: ReadonlySet<string> = new Set(['edge_lost', 'edge closed']);
/** Another attempt of the same generation serves in place of this one. Its client pays for that one alone. */
export const SUPERSEDED = 'superseded';
/** Reasons with which a living edge gives up. */
const DISOWNED: ReadonlySet<string> = new Set([
  'stream_lost',
  'worker_lost',
  'protocol_error',
  'unknown stream',
  SUPERSEDED,
]);

export const isEdgeGone = (reason: string | null): boolean => reason !== null && EDGE_GONE.has(reason);

/** No client chose it: the gateway itself cannot go on with the stream, so what it cost is not the customer's. */
export const isGivenUp = (reason: string | null): boolean =>
  reason !== null && (EDGE_GONE.has(reason) || DISOWNED.has(reason));
