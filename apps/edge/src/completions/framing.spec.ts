import { JsonArray } from './framing.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const events = [{ a: 'Grüße' }, { b: 'x\r\n' }, { c: [1] }];
const stream = Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));

describe('a stream as one JSON array', () => {
  it('has every event as an element, wherever its bytes are cut', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const array = new JsonArray();
      let answer = '';
      for (let at = 0; at < stream.length; at += size)
        answer += text(array.keepAlive) + text(array.push(stream.subarray(at, at + size)));
      expect(JSON.parse(answer + text(array.end()))).toEqual(events);
    }
  });

  it('reads over comments, and is an empty array without events', () => {
    const array = new JsonArray();
    expect(text(array.push(Buffer.from(': keep-alive\r\n\r\n')))).toBe('');
    expect(text(array.end())).toBe('[]');
  });

  it('gives an element as soon as its event has come', () => {
    const array = new JsonArray();
    expect(JSON.parse(`${text(array.push(Buffer.from('data: {"a":1}\r\n\r\ndata: {"b"')))}]`)).toEqual([{ a: 1 }]);
  });
});
