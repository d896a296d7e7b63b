import fc from 'fast-check';
import { FrameType, encodeFrame, encodeTextFrame, payloadOf } from './frame.js';
import { MAX_PACKED_FRAMES, MAX_PACK_BYTES } from './limits.js';
import { decodePack, encodePack } from './pack.js';
import { Packer } from './packer.js';
import type { Port } from './ports.js';
import { framesPrefix } from './subjects.js';

const idOf = (number: number): string => String(number).padStart(22, 'a');
const data = (text: string, sequence = 0): Uint8Array => encodeTextFrame(FrameType.data, text, sequence);

describe('frames of several streams in one message', () => {
  it('come out as they went in', () => {
    const frames = [0, 1, 1, 2].map((number, index) => ({ id: idOf(number), frame: data('x'.repeat(index), index) }));
    expect(decodePack(encodePack(frames))?.map(({ id, frame }) => [id, [...frame]])).toEqual(
      frames.map(({ id, frame }) => [id, [...frame]]),
    );
  });

  it.each([
    ['nothing in it', encodeFrame(FrameType.pack)],
    ['half an entry', encodePack([{ id: idOf(1), frame: data('x') }]).subarray(0, 20)],
    ['less than it says', encodePack([{ id: idOf(1), frame: data('x') }]).subarray(0, -1)],
    ['more than it says', Buffer.concat([encodePack([{ id: idOf(1), frame: data('x') }]), Buffer.of(1)])],
    ['a name that is none', encodePack([{ id: '*'.repeat(22), frame: data('x') }])],
    ['what is no frame', encodePack([{ id: idOf(1), frame: Uint8Array.of(2, 0, 0) }])],
    ['a pack', encodePack([{ id: idOf(1), frame: encodePack([{ id: idOf(2), frame: data('x') }]) }])],
  ])('are refused as a whole with %s', (_, bytes) => {
    expect(decodePack(bytes)).toBeNull();
  });

  it('are never read beyond their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 200 }), (bytes) => {
        for (const { id, frame } of decodePack(bytes) ?? []) expect([id.length, frame.length >= 5]).toEqual([22, true]);
      }),
    );
  });
});

describe('what is sent within a turn', () => {
  const edge = (number: number): string => framesPrefix(idOf(100 + number));
  let sent: { subject: string; payload: Uint8Array }[];
  let turns: (() => void)[];
  let timers: { atMs: number; run: () => void }[];
  let nowMs: number;
  let packer: Packer;
  const PACK_MS = 4;
  const passMs = (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { run } of due) run();
  };
  const inTheMiddle = (number: number) => packer.add(edge(1) + idOf(number), data(`token of ${number}`), true);
  const endOfTurn = () => turns.splice(0).forEach((run) => run());

  beforeEach(() => {
    sent = [];
    turns = [];
    timers = [];
    nowMs = 1_000;
    const port: Port = {
      address: idOf(0),
      connected: true,
      changedAtMs: 0,
      publish: (subject, payload) => void sent.push({ subject, payload }),
    };
    packer = new Packer(
      port,
      {
        nowMs: () => nowMs,
        soon: (run) => void turns.push(run),
        afterTurn: () => undefined,
        after: (delayMs, run) => void timers.push({ atMs: nowMs + delayMs, run }),
      },
      PACK_MS,
    );
  });

  it('goes alone, as it is, where it came alone', () => {
    const frame = data('x');
    packer.add(edge(1) + idOf(1), frame);
    expect(sent).toEqual([]);
    endOfTurn();
    expect(sent).toEqual([{ subject: edge(1) + idOf(1), payload: frame }]);
  });

  it('goes together for each connection of an edge, in its order', () => {
    for (const number of [1, 2, 3]) packer.add(edge(number % 2) + idOf(number), data(`frame ${number}`));
    endOfTurn();
    expect(sent.map(({ subject }) => subject)).toEqual([edge(1) + idOf(1), edge(0) + idOf(2)]);
    expect(decodePack(sent[0]!.payload)?.map(({ id }) => id)).toEqual([idOf(1), idOf(3)]);
    endOfTurn();
    expect(sent).toHaveLength(2);
  });

  it('is sent at once when something else must not overtake it, and no second time', () => {
    packer.add(edge(1) + idOf(1), data('x'));
    packer.flush();
    endOfTurn();
    expect(sent).toHaveLength(1);
  });

  it('goes in several messages where one would be too many or too large', () => {
    for (let number = 0; number <= MAX_PACKED_FRAMES; number += 1) packer.add(edge(1) + idOf(number), data('x'));
    endOfTurn();
    expect(sent).toHaveLength(2);
    for (let number = 0; number < 3; number += 1)
      packer.add(edge(1) + idOf(number), new Uint8Array(MAX_PACK_BYTES / 2));
    endOfTurn();
    expect(sent).toHaveLength(4);
  });

  it('waits in the middle of streams for that of others, from one pack to the next', () => {
    inTheMiddle(1);
    endOfTurn();
    expect(sent).toHaveLength(1);
    for (const number of [2, 3, 4]) {
      passMs(1);
      inTheMiddle(number);
      endOfTurn();
    }
    expect(sent).toHaveLength(1);
    passMs(1);
    expect(decodePack(sent[1]!.payload)?.map(({ id }) => id)).toEqual([idOf(2), idOf(3), idOf(4)]);
    passMs(PACK_MS);
    expect(sent).toHaveLength(2);
    inTheMiddle(5);
    endOfTurn();
    expect(sent).toHaveLength(3);
  });

  it('takes along what waits when something comes that may not wait, before it', () => {
    inTheMiddle(1);
    endOfTurn();
    inTheMiddle(2);
    packer.add(edge(1) + idOf(2), data('end'));
    endOfTurn();
    expect(decodePack(sent[1]!.payload)?.map(({ frame }) => Buffer.from(payloadOf(frame)).toString())).toEqual([
      'token of 2',
      'end',
    ]);
    passMs(PACK_MS);
    expect(sent).toHaveLength(2);
  });
});
