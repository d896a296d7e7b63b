import { World } from '../simulation/world.js';
import { FrameType, payloadOf, sequenceOf, typeOf } from './frame.js';
import { COALESCE_BYTES, MAX_RING_FRAMES } from './limits.js';
import { FrameSender } from './sender.js';

const COALESCE_MS = 8;
const never = () => false;

describe('the sender of frames', () => {
  let world: World;
  let frames: Uint8Array[];
  let sender: FrameSender;

  beforeEach(() => {
    world = new World(1);
    frames = [];
    sender = new FrameSender(world, COALESCE_MS, (frame) => void frames.push(frame));
    sender.head(new Uint8Array(0));
  });

  const passMs = (ms: number) => world.runUntil(never, world.nowMs() + ms);
  const data = () => frames.filter((frame) => typeOf(frame) === FrameType.data).map((frame) => payloadOf(frame).length);
  const isPending = async (promise: Promise<void>) => {
    const pending = Symbol('pending');
    return (await Promise.race([promise, passMs(0).then(() => pending)])) === pending;
  };

  it('sends the first data at once and gathers the rest of eight milliseconds', async () => {
    void sender.write(new Uint8Array(10));
    expect(data()).toEqual([10]);
    void sender.write(new Uint8Array(1));
    void sender.write(new Uint8Array(2));
    expect(data()).toEqual([10]);
    await passMs(COALESCE_MS);
    expect(data()).toEqual([10, 3]);
  });

  it('lets slow data wait for the end of the turn only', async () => {
    void sender.write(new Uint8Array(1));
    await passMs(COALESCE_MS);
    world.after(20, () => void sender.write(new Uint8Array(2)));
    await passMs(20);
    expect(data()).toEqual([1, 2]);
  });

  it('does not gather more than its limit', () => {
    void sender.write(new Uint8Array(1));
    void sender.write(new Uint8Array(COALESCE_BYTES));
    expect(data()).toEqual([1, COALESCE_BYTES]);
  });

  it('never has more than the window under way, and ends behind its data', async () => {
    sender.windowBytes = 100;
    const blocked = sender.write(new Uint8Array(250));
    const ended = sender.finish(FrameType.end, new Uint8Array(0));
    expect(data()).toEqual([100]);
    expect(await isPending(blocked)).toBe(true);
    expect(await isPending(ended)).toBe(true);
    expect(sender.acknowledge({ next: 2, ackedBytes: 100 })).toBe(true);
    expect(data()).toEqual([100, 100]);
    sender.acknowledge({ next: 3, ackedBytes: 160 });
    expect(data()).toEqual([100, 100, 50]);
    await ended;
    await blocked;
    expect(frames.map((frame) => sequenceOf(frame))).toEqual([0, 1, 2, 3, 4]);
    expect(typeOf(frames.at(-1)!)).toBe(FrameType.end);
  });

  it('bounds its ring by count when every write is a frame of one byte', async () => {
    sender.windowBytes = 1_000_000;
    for (let written = 0; written < 2 * MAX_RING_FRAMES; written += 1) {
      void sender.write(new Uint8Array(1));
      await passMs(20);
    }
    expect(sender.ringFrames).toBe(MAX_RING_FRAMES);
    expect(await isPending(sender.write(new Uint8Array(1)))).toBe(true);
    sender.acknowledge({ next: MAX_RING_FRAMES, ackedBytes: MAX_RING_FRAMES - 1 });
    expect(sender.ringFrames).toBeLessThan(5);
  });

  it('replays what was not confirmed, and says when it cannot', () => {
    for (let number = 0; number < 3; number += 1) void sender.write(new Uint8Array(COALESCE_BYTES));
    frames.length = 0;
    expect(sender.replay(1)).toBe(true);
    expect(frames.map((frame) => sequenceOf(frame))).toEqual([1, 2, 3]);
    sender.acknowledge({ next: 3, ackedBytes: 2 * COALESCE_BYTES });
    expect(sender.replay(1)).toBe(false);
    expect(sender.replay(3)).toBe(true);
  });

  it('refuses a confirmation of what it never sent', () => {
    void sender.write(new Uint8Array(10));
    expect(sender.acknowledge({ next: 1, ackedBytes: 11 })).toBe(false);
    expect(sender.acknowledge({ next: 3, ackedBytes: 10 })).toBe(false);
    expect(sender.outstandingBytes).toBe(10);
  });

  it('frees its writers on a discard and still ends', async () => {
    sender.windowBytes = 10;
    const blocked = sender.write(new Uint8Array(100));
    sender.discard();
    await blocked;
    await sender.write(new Uint8Array(100));
    await sender.finish(FrameType.end, new Uint8Array(0));
    expect(data()).toEqual([10]);
    expect(typeOf(frames.at(-1)!)).toBe(FrameType.end);
  });
});
