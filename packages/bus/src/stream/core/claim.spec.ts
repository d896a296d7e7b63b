import { decodeCall, encodeCall } from './call.js';
import type { Start } from './call.js';
import { Claim } from './claim.js';
import type { EdgeHost } from './edge-host.js';
import { busFailure, encodeFailure } from './failure.js';
import { FrameType, encodeFrame, encodeJson, encodeTextFrame } from './frame.js';
import { newCounters } from './ports.js';
import { callSubject, controlPrefix, lastToken } from './subjects.js';
import { STREAM_TIMERS } from './timers.js';
import type { Starter } from './worker-directory.js';

const PROVIDER = 'provider';
const WINDOW_BYTES = 65_536;
const EDGE = 'E'.repeat(22);
const STARTER: Starter = { worker: 'worker', address: 'A'.repeat(22), aheadMs: 5_000 };
const { acceptMs, startMs, tickMs } = STREAM_TIMERS;

describe('the search for a worker', () => {
  const search = (starter: Starter | null) => {
    const sent: { subject: string; start: Start | null; id: string }[] = [];
    const doubted: string[] = [];
    const known = new Set<string>();
    const clock = { nowMs: 1_000 };
    let ids = 0;
    const port = {
      address: 'P'.repeat(22),
      connected: true,
      changedAtMs: 0,
      publish: (subject: string, call: Uint8Array, reply?: string) =>
        void sent.push({ subject, start: decodeCall(call)!.start, id: lastToken(reply!) }),
    };
    const host = {
      timers: STREAM_TIMERS,
      counters: newCounters(),
      nowMs: () => clock.nowMs,
      newId: () => String((ids += 1)).padStart(22, '0'),
      starter: () => starter,
      doubt: (_: string, worker: string) => void doubted.push(worker),
      workersOf: () => [],
      register: (id: string) => void known.add(id),
      unregister: (id: string) => void known.delete(id),
    } as unknown as EdgeHost;
    const call = { edge: EDGE, traceparent: '', meta: encodeJson(null), bodyBytes: 0, inlineBody: new Uint8Array(0) };
    const encode = (start: Start | null) => encodeCall({ ...call, start });
    const claim = new Claim(host, port, PROVIDER, encode, { onFrame() {}, onNoResponders() {}, tick() {} });
    const tickAfter = (ms: number) => claim.tick((clock.nowMs += ms));
    return { claim, sent, doubted, known, port, tickAfter };
  };
  const named = () => {
    const all = search(STARTER);
    all.claim.open(WINDOW_BYTES);
    return { ...all, id: all.sent[0]!.id };
  };

  it('tells a worker that is heard to begin, until when by its own clock and with which window', () => {
    const { sent, id } = named();
    const start = { byMs: 1_000 + STARTER.aheadMs + startMs, windowBytes: WINDOW_BYTES };
    expect(sent).toEqual([{ subject: controlPrefix(PROVIDER, STARTER.address) + id, start, id }]);
  });

  it('asks the group where none is heard, or the body is still to come', () => {
    const unheard = search(null);
    unheard.claim.open(WINDOW_BYTES);
    const chunked = search(STARTER);
    chunked.claim.open(null);
    for (const { sent } of [unheard, chunked])
      expect(sent).toEqual([{ subject: callSubject(PROVIDER), start: null, id: sent[0]!.id }]);
  });

  it('is over with the first word of who was told to begin, whatever it is', () => {
    for (const type of [FrameType.head, FrameType.beat, FrameType.fail, FrameType.meter]) {
      const { claim, id } = named();
      const frame = encodeFrame(type);
      expect(claim.onFrame(id, frame, undefined)).toEqual({ begun: claim.started, frame });
      expect(claim.started).toMatchObject({ id, worker: 'worker' });
    }
  });

  it('gives the go to one that came too late to begin, and asks', () => {
    const { claim, id } = named();
    const control = controlPrefix(PROVIDER, STARTER.address) + id;
    const step = claim.onFrame(id, encodeTextFrame(FrameType.accept, `worker.${'B'.repeat(22)}`), control);
    expect(step).toMatchObject({ accepted: { id, worker: 'worker', control } });
  });

  it('asks the group at once when the worker has no room or is not there: then it has not begun', () => {
    for (const no of ['busy', 'nobody'] as const) {
      const { claim, sent, doubted, known, id } = named();
      const step =
        no === 'busy'
          ? claim.onFrame(id, encodeTextFrame(FrameType.busy, 'capacity'), undefined)
          : claim.onNoResponders(id);
      expect(step).toBeNull();
      expect([sent.at(-1)!.subject, sent.at(-1)!.start, claim.started]).toEqual([callSubject(PROVIDER), null, null]);
      expect([...known]).toEqual([sent.at(-1)!.id]);
      // Who is not there is not heard much longer.
      expect(doubted).toEqual(no === 'busy' ? ['worker'] : []);
    }
  });

  it('fails with what a worker says of a call that it cannot read', () => {
    const { claim, id } = named();
    const failure = busFailure('payload_too_large', 'claim');
    expect(claim.onFrame(id, encodeFrame(FrameType.bad, 0, encodeFailure(failure)), undefined)).toEqual({
      failed: failure,
    });
  });

  it('asks nobody else when the worker says nothing, and looks twice, because its word may wait behind the look', () => {
    const { claim, sent, doubted, tickAfter } = named();
    expect(tickAfter(acceptMs - 1)).toBeNull();
    expect(tickAfter(1)).toBeNull();
    expect(doubted).toEqual([]);
    expect(tickAfter(tickMs)).toEqual({ silent: claim.started });
    expect([sent.length, doubted]).toEqual([1, ['worker']]);
  });

  it('counts who was told to begin as silent when the connection breaks: its word is lost', () => {
    const { claim, port, tickAfter } = named();
    expect(claim.onDisconnect()).toEqual({ silent: claim.started });
    port.connected = false;
    expect(tickAfter(1)).toEqual({ silent: claim.started });
    const asking = search(null);
    asking.claim.open(WINDOW_BYTES);
    expect(asking.claim.onDisconnect()).toMatchObject({ failed: { code: 'worker_unavailable' } });
  });
});
