import type { AttemptFailure } from '@switchyard/contracts';
import { decodeFailure } from './failure.js';
import { FrameType, decodeJson, payloadOf, sequenceOf, typeOf } from './frame.js';
import type { StreamCounters } from './ports.js';
import type { FrameReceiver } from './receiver.js';

/** What a numbered frame meant for the stream. */
export type Arrival =
  | { readonly kind: 'nothing' | 'data' | 'gap' | 'broken' }
  | { readonly kind: 'head' | 'end'; readonly meta: unknown }
  | { readonly kind: 'fail'; readonly failure: AttemptFailure };

const NOTHING: Arrival = { kind: 'nothing' };
const DATA: Arrival = { kind: 'data' };
const GAP: Arrival = { kind: 'gap' };
const BROKEN: Arrival = { kind: 'broken' };

/** Reads the numbered frames of a stream and holds them to its grammar: a head, data within the window, one end or failure. */
export class Inbox {
  headSeen = false;

  constructor(
    private readonly receiver: FrameReceiver,
    private readonly counters: StreamCounters,
  ) {}

  take(frame: Uint8Array, nowMs: number): Arrival {
    const verdict = this.receiver.judge(sequenceOf(frame));
    if (verdict === 'duplicate') {
      this.counters.duplicates += 1;
      return NOTHING;
    }
    if (verdict === 'gap') {
      this.counters.gaps += 1;
      return GAP;
    }
    const type = typeOf(frame);
    const payload = payloadOf(frame);
    // Only a failure may come instead of the head.
    const allowed = type === FrameType.fail || (type === FrameType.head) !== this.headSeen;
    if (!allowed || !this.receiver.take(type, payload, nowMs)) {
      this.counters.violations += 1;
      return BROKEN;
    }
    return type === FrameType.data ? DATA : this.readMeta(type, payload);
  }

  private readMeta(type: number, payload: Uint8Array): Arrival {
    if (type === FrameType.fail) {
      const failure = decodeFailure(payload);
      if (failure) return { kind: 'fail', failure };
    } else {
      try {
        const meta = decodeJson(payload);
        if (type === FrameType.head) this.headSeen = true;
        return { kind: type === FrameType.head ? 'head' : 'end', meta };
      } catch {
        // Counted below, like a failure that is none of the contract.
      }
    }
    this.counters.malformed += 1;
    return BROKEN;
  }
}
