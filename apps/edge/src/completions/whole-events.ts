/** Google's streams end their lines as HTTP does. */
const ENDS_OF_EVENTS = [Buffer.from('\n\n'), Buffer.from('\r\n\r\n')] as const;
const NOTHING = new Uint8Array(0);
const LF = 0x0a;

/**
 * More than this is not held back: the worker gets credit only for what the client has taken, and must be able to send the rest of a
 * large event. It is well below the window of a stream.
 */
export const MOST_HELD_BACK_BYTES = 16 * 1024;

/**
 * Lets only whole server-sent events through. A frame may end anywhere, because a worker fills the window to the last byte; if the
 * stream fails there, an error event behind half an event would be one that no client can read.
 */
export class WholeEvents {
  private held: Uint8Array = NOTHING;

  /** What may go to the client now: up to the end of the last whole event; may be empty. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.held.byteLength === 0 ? bytes : Buffer.concat([this.held, bytes]);
    const end = endOfWholeEvents(Buffer.from(all.buffer, all.byteOffset, all.byteLength));
    if (all.byteLength - end > MOST_HELD_BACK_BYTES) return this.rest(all);
    this.held = all.subarray(end);
    return all.subarray(0, end);
  }

  /** What is held back, when the stream has ended well. */
  rest(all = this.held): Uint8Array {
    this.held = NOTHING;
    return all;
  }
}

function endOfWholeEvents(bytes: Buffer): number {
  // Most frames end where an event does, and none has to be searched for the end that its dialect does not write.
  if (bytes.length > 1 && bytes[bytes.length - 1] === LF && bytes[bytes.length - 2] === LF) return bytes.length;
  return Math.max(
    ...ENDS_OF_EVENTS.map((end) => {
      const found = bytes.lastIndexOf(end);
      return found === -1 ? 0 : found + end.byteLength;
    }),
  );
}
