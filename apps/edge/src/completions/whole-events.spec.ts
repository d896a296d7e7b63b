import fc from 'fast-check';
import { MOST_HELD_BACK_BYTES, WholeEvents } from './whole-events.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('events on their way to a client', () => {
  it('go on whole, however the frames are cut', () => {
    const events = new WholeEvents();
    const pieces = ['data: {"a"', ':1}\n', '\ndata: {"b":2}\n\nda', 'ta: 3\n\n'];
    expect(pieces.map((piece) => text(events.push(Buffer.from(piece))))).toEqual([
      '',
      '',
      'data: {"a":1}\n\ndata: {"b":2}\n\n',
      'data: 3\n\n',
    ]);
    expect(events.rest()).toHaveLength(0);
  });

  it('go on whole where lines end as in HTTP, so that none waits for the next', () => {
    const events = new WholeEvents();
    expect(text(events.push(Buffer.from('data: 1\r\n\r\ndata: 2\r\n\r')))).toBe('data: 1\r\n\r\n');
    expect(text(events.push(Buffer.from('\n')))).toBe('data: 2\r\n\r\n');
  });

  it('keep the bytes that follow no end for a good ending', () => {
    const events = new WholeEvents();
    expect(text(events.push(Buffer.from('data: 1\n\n: end')))).toBe('data: 1\n\n');
    expect(text(events.rest())).toBe(': end');
    expect(events.rest()).toHaveLength(0);
  });

  it('are not held back when they are larger than what a worker may send unanswered', () => {
    const events = new WholeEvents();
    const large = Buffer.alloc(MOST_HELD_BACK_BYTES, 'x');
    expect(events.push(large)).toHaveLength(0);
    expect(events.push(Buffer.from('y'))).toHaveLength(MOST_HELD_BACK_BYTES + 1);
  });

  it('lose no byte and end at the end of an event, for any events and any cuts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 40 }).map((data) => `data: ${data.replaceAll('\n', ' ')}\n\n`)),
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        (events, cuts) => {
          const whole = Buffer.from(events.join(''));
          const filter = new WholeEvents();
          let at = 0;
          let out = '';
          for (const cut of cuts) {
            if (at >= whole.length) break;
            const ready = text(filter.push(whole.subarray(at, at + cut)));
            expect(ready === '' || ready.endsWith('\n\n')).toBe(true);
            out += ready;
            at += cut;
          }
          expect(out + text(filter.rest())).toBe(whole.toString());
        },
      ),
    );
  });
});
