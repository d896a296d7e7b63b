import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { encodeEvent, encodeException, encodeMessage } from '../testing/event-stream.js';
import { FrameReader, frameJson } from './frame-reader.js';
import type { Frame } from './frame-reader.js';
import { MAX_FRAME_BYTES } from './limits.js';

function read(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]) {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  let [start, turn] = [0, 0];
  while (start < bytes.length) {
    const size = Math.max(sizes[turn++ % sizes.length] ?? 1, 1);
    frames.push(...reader.push(bytes.subarray(start, start + size)));
    start += size;
  }
  frames.push(...reader.end());
  return { frames, failure: reader.failure };
}

const values = (frames: readonly Frame[]): unknown[] => frames.map((frame) => [frame.event, frameJson(frame)?.value]);

describe('frames of AWS’s binary event streams', () => {
  const stream = Buffer.concat([
    encodeEvent('messageStart', { role: 'assistant' }),
    encodeEvent('delta', { text: 'ü世🌍' }),
  ]);

  it('have the type of the event and its payload', () => {
    const { frames, failure } = read(stream);
    expect(failure).toBeNull();
    expect(values(frames)).toEqual([
      ['messageStart', { role: 'assistant' }],
      ['delta', { text: 'ü世🌍' }],
    ]);
  });

  it('are those that AWS’s own code writes, wherever reads fall', () => {
    const payload = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 5,
    });
    const event = fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), payload);
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), sizes, (events, cuts) => {
        const bytes = Buffer.concat(events.map(([type, value]) => encodeEvent(type, value)));
        const expected = events.map(([type, value]) => [type, JSON.parse(JSON.stringify(value)) as unknown]);
        expect(values(read(bytes, cuts).frames)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('tell exceptions and errors from events', () => {
    const error = { ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'Größe' };
    const { frames } = read(
      Buffer.concat([
        encodeException('throttlingException', 'Wait.'),
        encodeMessage({ headers: error, payload: undefined }),
      ]),
    );
    expect(frames.map((frame) => [frame.exception, frameJson(frame)?.value])).toEqual([
      ['throttlingException', { message: 'Wait.' }],
      ['InternalFailure', { message: 'Größe' }],
    ]);
  });

  it('are refused when a single bit is wrong, and everything after them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: stream.length * 8 - 1 }), (bit) => {
        const broken = Buffer.from(stream);
        broken[bit >> 3]! ^= 1 << (bit & 7);
        const { frames, failure } = read(broken);
        const intact = values(read(stream).frames);
        // A changed first byte makes it something else than a binary stream; nobody reads sense into it all the same.
        for (const [index, value] of values(frames).entries()) if (bit >= 8) expect(value).toEqual(intact[index]);
        expect(frames.length === 2 && failure === null && bit >= 8).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('have a length that is checked before anybody waits for so many bytes', () => {
    const wrong = Buffer.from(stream.subarray(0, 12));
    wrong.writeUInt32BE(stream.readUInt32BE(0) + 1000, 0);
    expect(read(wrong).failure).toMatchObject({ code: 'upstream_invalid_response', providerCode: 'frame_broken' });
  });

  it('are simply missing where the stream was cut', () => {
    for (let end = 1; end < stream.length; end++) {
      const { frames, failure } = read(stream.subarray(0, end));
      expect(failure).toBeNull();
      expect(frames.length).toBe(end < encodeEvent('messageStart', { role: 'assistant' }).length ? 0 : 1);
    }
  });

  it('have a largest size, which is known before anything is kept', () => {
    const huge = encodeEvent('delta', { text: 'x'.repeat(MAX_FRAME_BYTES) });
    const { frames, failure } = read(huge.subarray(0, 1000));
    expect(frames).toEqual([]);
    expect(failure).toMatchObject({ code: 'upstream_invalid_response', providerCode: 'frame_too_large' });
  });

  it('never have headers that reach beyond their space', () => {
    const message = encodeMessage({ headers: { a: 'b' }, payload: {} });
    // The length of the name, then of the value: both checksums are made right again, so that only the headers are wrong.
    for (const [position, value] of [
      [12, 200],
      [16, 200],
    ] as const) {
      const broken = Buffer.from(message);
      broken[position] = value;
      broken.writeUInt32BE(crc32(broken.subarray(0, broken.length - 4)), broken.length - 4);
      expect(read(broken).failure).toMatchObject({ providerCode: 'frame_broken' });
    }
  });

  it('are read in time when they come byte by byte', () => {
    const large = encodeEvent('delta', { text: 'x'.repeat(300_000) });
    const startedAtMs = performance.now();
    expect(read(large, [1]).frames).toHaveLength(1);
    expect(performance.now() - startedAtMs).toBeLessThan(5000);
  });
});
