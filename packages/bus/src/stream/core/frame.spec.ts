import fc from 'fast-check';
import { decodeCall, encodeCall } from './call.js';
import type { Start } from './call.js';
import { decodeFailure, encodeFailure, busFailure } from './failure.js';
import {
  FrameType,
  decodeGo,
  decodePong,
  decodePosition,
  encodeFrame,
  encodeGo,
  encodeJson,
  encodePong,
  encodePosition,
  payloadOf,
  sequenceOf,
  typeOf,
} from './frame.js';
import { isControlSubject, isFramesSubject } from './subjects.js';

const EDGE = 'e'.repeat(22);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('frames', () => {
  it('come back as they went out', () => {
    fc.assert(
      fc.property(uint32, fc.uint8Array({ maxLength: 10_000 }), (sequence, payload) => {
        const frame = encodeFrame(FrameType.data, sequence, payload);
        expect([typeOf(frame), sequenceOf(frame)]).toEqual([FrameType.data, sequence]);
        expect(Buffer.compare(payloadOf(frame), payload)).toBe(0);
      }),
    );
  });

  it('are read at any offset of a bigger buffer, as the client library hands them out', () => {
    const frame = encodePosition(FrameType.ping, { next: 7, ackedBytes: 2 ** 40 });
    const big = new Uint8Array(100).fill(9);
    big.set(frame, 3);
    expect(decodePosition(big.subarray(3, 3 + frame.length))).toEqual({ next: 7, ackedBytes: 2 ** 40 });
  });

  it('of control carry their numbers and refuse other lengths', () => {
    expect(decodeGo(encodeGo(65_536))).toBe(65_536);
    expect(decodePong(encodePong(3, { claimed: true, nextChunk: 12 }))).toEqual({ claimed: true, nextChunk: 12 });
    for (const payload of [new Uint8Array(0), new Uint8Array(3), new Uint8Array(9)]) {
      expect(decodeGo(encodeFrame(FrameType.go, 0, payload))).toBeNull();
      expect(decodePong(encodeFrame(FrameType.pong, 0, payload))).toBeNull();
      expect(decodePosition(encodeFrame(FrameType.ack, 0, payload))).toBeNull();
    }
  });

  it('with a position that is no count of bytes are refused', () => {
    for (const ackedBytes of [-1, 0.5, Number.NaN, Infinity, 2 ** 60]) {
      expect(decodePosition(encodePosition(FrameType.ack, { next: 0, ackedBytes }))).toBeNull();
    }
  });
});

describe('calls', () => {
  const encode = (meta: unknown, body: Uint8Array, inline: boolean, start: Start | null = null) =>
    encodeCall({
      edge: EDGE,
      traceparent: '00-a-b-01',
      meta: encodeJson(meta),
      bodyBytes: body.length,
      inlineBody: inline ? body : null,
      start,
    });
  const starts = fc.option(fc.record({ byMs: fc.double(), windowBytes: uint32 }));

  it('come back as they went out, with the body or only its length', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.uint8Array({ minLength: 1 }),
        fc.boolean(),
        starts,
        (meta, body, inline, start) => {
          const call = decodeCall(encode(meta, body, inline, start))!;
          expect(JSON.stringify(call.meta)).toBe(JSON.stringify(meta));
          expect([call.edge, call.traceparent, call.bodyBytes]).toEqual([EDGE, '00-a-b-01', body.length]);
          expect(call.start).toEqual(start);
          expect(call.inlineBody && Buffer.from(call.inlineBody)).toEqual(inline ? Buffer.from(body) : null);
        },
      ),
    );
  });

  it('that are cut, garbled or random are refused and never throw', () => {
    const whole = encode({ a: 1 }, Buffer.from('body'), true, { byMs: 5, windowBytes: 1 });
    for (let length = 0; length < whole.length; length += 1) decodeCall(whole.subarray(0, length));
    expect(decodeCall(whole.subarray(0, whole.length - 1))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), uint32, (bytes, at) => {
        decodeCall(bytes);
        const garbled = Uint8Array.from(whole);
        garbled[at % garbled.length] = at & 0xff;
        decodeCall(garbled);
      }),
    );
  });
});

describe('failures', () => {
  it('cross with their amounts', () => {
    const failure = busFailure('upstream_rate_limited', 'headers', { upstreamStatus: 429, retryAfterMs: 5 });
    expect(decodeFailure(encodeFailure(failure))).toEqual(failure);
  });

  it('that are not of the contract are refused', () => {
    for (const bytes of ['', '{', '{}', 'null', '{"code":"made_up","message":"","retryable":true,"phase":"claim"}']) {
      expect(decodeFailure(Buffer.from(bytes))).toBeNull();
    }
  });
});

describe('subjects', () => {
  it('of replies are taken only in their own form', () => {
    const id = 'A'.repeat(22);
    expect(isFramesSubject(`gw.v1.s.${id}.${id}`)).toBe(true);
    expect(isControlSubject(`gw.v1.c.openai.${id}.${id}`)).toBe(true);
    for (const subject of [
      `gw.v1.s.${id}.*`,
      `gw.v1.s.${id}.>`,
      `gw.v1.s.${id}`,
      `x.gw.v1.s.${id}.${id}`,
      `gw.v1.s.${id}.${id}\n`,
    ]) {
      expect([subject, isFramesSubject(subject)]).toEqual([subject, false]);
    }
  });
});
