/**
 * Whether the last frame of a stream, and with it the whole answer, reached its client. `confirmed`: the edge says so. `lost`: the
 * edge died, or gave the stream up and told its client. `unknown`: this process could not find out before it had to forget.
 */
export type Delivery = 'confirmed' | 'lost' | 'unknown';

/** Reasons of an abort that no client chose: the gateway itself cannot go on with the stream. */
const GIVEN_UP: ReadonlySet<string> = new Set([
  'edge_lost',
  'edge closed',
  'stream_lost',
  'worker_lost',
  'protocol_error',
  'unknown stream',
]);

/** Nobody waits for the stream any more although its client did not leave: what it cost is not the customer's. */
export const isGivenUp = (reason: string | null): boolean => reason !== null && GIVEN_UP.has(reason);
