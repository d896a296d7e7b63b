import { World } from '../simulation/world.js';
import { ByteBudget } from './body.js';
import { FrameType, encodeFrame, encodeGo } from './frame.js';
import { BODY_CHUNK_BYTES, BODY_WINDOW_CHUNKS } from './limits.js';
import { newCounters } from './ports.js';
import { STREAM_TIMERS } from './timers.js';
import { Packer } from './packer.js';
import { WorkerStream } from './worker-stream.js';

const WINDOW_BYTES = 65_536;
const CHUNKS = BODY_WINDOW_CHUNKS;
const chunk = (number: number) => new Uint8Array(BODY_CHUNK_BYTES).fill(number + 1);

describe('a stream at a worker', () => {
  const begin = () => {
    const bodies: Uint8Array[] = [];
    const counters = newCounters();
    const bodyBytes = CHUNKS * BODY_CHUNK_BYTES;
    const port = { address: 'connection', connected: true, changedAtMs: 0, publish: () => undefined };
    const scheduler = new World(1);
    const stream = new WorkerStream(
      {
        timers: STREAM_TIMERS,
        counters,
        scheduler,
        packerOf: (connection) => new Packer(connection, scheduler, STREAM_TIMERS.packMs),
        budget: new ByteBudget(bodyBytes),
        worker: 'worker',
        provider: 'provider',
        bulkAddress: 'bulk',
        run: ({ body }) => void bodies.push(body),
        release: () => undefined,
        forget: () => undefined,
      },
      { id: 'stream', port, reply: 'reply', edge: 'edge', packs: true, traceparent: '', meta: null, bodyBytes },
      null,
    );
    const go = () => stream.onFrame(encodeGo(WINDOW_BYTES), undefined);
    const send = (number: number) =>
      stream.onFrame(encodeFrame(FrameType.body, number, chunk(number % CHUNKS)), undefined);
    return { stream, bodies, counters, go, send };
  };
  const whole = Buffer.concat(Array.from({ length: CHUNKS }, (_, number) => chunk(number)));

  it.each(Array.from({ length: CHUNKS + 1 }, (_, early) => early))(
    'has its body at once when %i chunks of it overtake the word to go, which takes another connection',
    (early) => {
      const { bodies, counters, go, send } = begin();
      for (let number = 0; number < CHUNKS; number += 1) {
        if (number === early) go();
        expect(bodies).toEqual([]);
        send(number);
      }
      if (early === CHUNKS) go();
      expect(bodies.map((body) => whole.equals(body))).toEqual([true]);
      expect(counters).toEqual(newCounters());
    },
  );

  it('keeps no more chunks before the word to go than a sender may have sent', () => {
    const { counters, send } = begin();
    for (let number = 0; number < CHUNKS + 3; number += 1) send(number);
    expect(counters.stray).toBe(3);
  });
});
