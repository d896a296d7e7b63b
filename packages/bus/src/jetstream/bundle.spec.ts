import fc from 'fast-check';
import { decodeBundle, encodeBundle } from './bundle.js';

const message = fc.record({
  messageId: fc.string({ unit: 'grapheme' }),
  traceHeaders: fc.dictionary(fc.constantFrom('traceparent', 'tracestate'), fc.string(), { noNullPrototype: true }),
  data: fc.uint8Array({ maxLength: 200 }),
});
const plain = (bytes: Uint8Array | undefined): number[] => [...(bytes ?? [])];

describe('a bundle', () => {
  it('gives back every message, its data byte for byte', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const read = decodeBundle(encodeBundle(messages)) ?? [];
        expect(read.map(({ data, ...rest }) => ({ ...rest, data: plain(data) }))).toEqual(
          messages.map(({ data, ...rest }) => ({ ...rest, data: plain(data) })),
        );
      }),
    );
  });

  it('that was cut is none at all, wherever it was cut', () => {
    const bytes = encodeBundle([
      { messageId: 'a', traceHeaders: {}, data: Buffer.from('one') },
      { messageId: 'b', traceHeaders: { traceparent: 't' }, data: Buffer.from('two') },
    ]);
    const first = encodeBundle([{ messageId: 'a', traceHeaders: {}, data: Buffer.from('one') }]).length;
    for (let length = 0; length < bytes.length; length += 1)
      expect([length, decodeBundle(bytes.subarray(0, length))?.length ?? null]).toEqual([
        length,
        length === first ? 1 : null,
      ]);
  });

  it.each([
    ['no envelope', '"a"'],
    ['an id that is a number', '[1,{}]'],
    ['headers that are a list of numbers', '["a",[1]]'],
    ['no headers', '["a",null]'],
    ['what is no JSON', '{'],
  ])('with %s is none', (_, envelope) => {
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(envelope.length, 0);
    expect(decodeBundle(Buffer.concat([lengths, Buffer.from(envelope)]))).toBeNull();
  });

  it('never makes a reader fail, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodeBundle(bytes)).not.toThrow();
      }),
    );
  });
});
