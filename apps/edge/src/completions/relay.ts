import type { UpstreamStream } from '@switchyard/bus';
import { GatewayError } from '@switchyard/contracts';
import type { ClientConnection } from './client-connection.js';
import { WholeEvents } from './whole-events.js';

/** The largest answer that is held in memory as a whole. */
export const MAX_WHOLE_ANSWER_BYTES = 64 * 1024 * 1024;

/** What `read` needs to prove that a stream speaks: its first bytes, and the rest to go on with. */
export interface Opening {
  readonly first: IteratorResult<Uint8Array>;
  readonly rest: AsyncIterator<Uint8Array>;
}

export async function firstBytes(stream: UpstreamStream): Promise<Opening> {
  const rest = stream[Symbol.asyncIterator]();
  return { first: await rest.next(), rest };
}

/** An answer in one piece, and its last bytes that are acknowledged when the client has it. */
export interface WholeAnswer {
  readonly body: Buffer;
  readonly heldBackBytes: number;
}

/**
 * Reads an answer that is sent in one piece. Its bytes are acknowledged as they come, because there is no slow client to wait for;
 * all but the last, for which the worker waits before it says that the answer has arrived.
 */
export async function wholeAnswer(stream: UpstreamStream): Promise<WholeAnswer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let heldBackBytes = 0;
  for await (const piece of stream) {
    stream.acknowledge(heldBackBytes);
    heldBackBytes = piece.byteLength;
    bytes += heldBackBytes;
    if (bytes > MAX_WHOLE_ANSWER_BYTES) throw new GatewayError('upstream_invalid_response');
    pieces.push(piece);
  }
  await stream.end;
  return { body: Buffer.concat(pieces, bytes), heldBackBytes };
}

/** A medium has no events to keep whole. */
const AS_IT_COMES: Pick<WholeEvents, 'push' | 'rest'> = { push: (bytes) => bytes, rest: () => new Uint8Array(0) };

export interface RelayTap {
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly edit?: (bytes: Uint8Array) => Uint8Array;
}

/**
 * Carries a stream to the client, event by event and without parsing. Credit goes back to the worker when the client's socket has
 * accepted the bytes, so a slow reader slows the provider down and nothing piles up in between.
 * @param tap told what the client got; `edit` may change events on their way
 */
export async function relay(
  stream: UpstreamStream,
  { first, rest }: Opening,
  client: ClientConnection,
  { onBytes, edit }: RelayTap,
): Promise<void> {
  const events = client.speaksEvents ? new WholeEvents() : AS_IT_COMES;
  const give = async (bytes: Uint8Array) => {
    if (bytes.byteLength === 0) return;
    const given = edit ? edit(bytes) : bytes;
    await client.write(given);
    onBytes(given);
    stream.acknowledge(bytes.byteLength);
  };
  for (let next = first; next.done !== true; next = await rest.next()) await give(events.push(next.value));
  await give(events.rest());
}
