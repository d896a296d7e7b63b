import { decodeJson, payloadOf } from './frame.js';
import type { StreamCounters } from './ports.js';

/**
 * One direction of the words beside a stream: JSON that is neither numbered nor replayed, so that whoever says it repeats it. The
 * last word that came before anybody listened is kept.
 */
export class SideChannel {
  private listener: ((word: unknown) => void) | null = null;
  private unread: unknown;

  constructor(private readonly counters: StreamCounters) {}

  /** One listener; a later one takes its place. */
  listen(listener: (word: unknown) => void): void {
    this.listener = listener;
    if (this.unread !== undefined) listener(this.unread);
    this.unread = undefined;
  }

  take(frame: Uint8Array): void {
    let word: unknown;
    try {
      word = decodeJson(payloadOf(frame));
    } catch {
      this.counters.malformed += 1;
      return;
    }
    if (this.listener) this.listener(word);
    else this.unread = word;
  }
}
