import fc from 'fast-check';
import { FrameReader, frameText } from './frame-reader.js';
import type { Frame } from './frame-reader.js';

const read = (bytes: Uint8Array, size = bytes.length): Frame[] => {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let start = 0; start < bytes.length; start += Math.max(size, 1))
    frames.push(...reader.push(bytes.subarray(start, start + size)));
  return [...frames, ...reader.end()];
};
const texts = (text: string, size?: number): string[] => read(Buffer.from(text), size).map(frameText);

describe('frames of an event stream', () => {
  it.each([
    ['events', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR alone', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['comments and other fields', ': hi\nid: 1\nretry: 5\ndata: a\n\n', ['a']],
    ['several data lines', 'data: a\ndata: b\n\n', ['a\nb']],
    ['a byte order mark', '\ufeffdata: a\n\n', ['a']],
    ['many events in one read', 'data: 1\n\ndata: 2\n\ndata: 3\n\n', ['1', '2', '3']],
    ['blank lines', '\n\n\n\ndata: a\n\n\n\n', ['a']],
    ['characters of several bytes', 'data: ü世🌍\n\n', ['ü世🌍']],
    ['JSON objects without framing', ' {"a":1}\n{"b":"}"}', ['{"a":1}', '{"b":"}"}']],
    ['an array', '[{"a":[1,{"x":"]"}]}\n,\r\n{"b":2}]', ['{"a":[1,{"x":"]"}]}', '{"b":2}']],
  ])('%s', (_what, text, expected) => {
    for (const size of [text.length * 4, 1, 2, 3, 5]) expect(texts(text, size)).toEqual(expected);
  });

  it('marks what the end of input may have cut', () => {
    expect(read(Buffer.from('data: a\n\ndata: b')).map(({ partial }) => partial)).toEqual([false, true]);
    expect(read(Buffer.from('{"a":1}{"b":')).map(({ data, partial }) => [data, partial])).toEqual([
      ['{"a":1}', false],
      ['{"b":', true],
    ]);
  });

  it('gives the name of the event', () => {
    expect(read(Buffer.from('event: error\ndata: x\n\ndata: y\n\n')).map(({ event }) => event)).toEqual([
      'error',
      undefined,
    ]);
  });

  it('never depends on where reads fall', () => {
    const line = fc.constantFrom('data: a', 'data:ü', ': c', 'event: e', '', 'id: 1', 'junk', 'data', '{', '"');
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.integer({ min: 1, max: 9 }),
        (lines, end, size) => {
          const bytes = Buffer.from(lines.join(end));
          expect(read(bytes, size)).toEqual(read(bytes));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('knows a page when it sees one', () => {
    const reader = new FrameReader();
    expect([...reader.push(Buffer.from('  <!DOCTYPE html>data: x\n\n')), ...reader.end()]).toEqual([]);
    expect(reader.failure).toMatchObject({
      code: 'upstream_invalid_response',
      raw: expect.stringContaining('DOCTYPE'),
    });
  });
});
