import { jest } from '@jest/globals';
import { startNatsServer, type TestNats } from '@switchyard/testing';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { newCounters } from './core/ports.js';
import { NatsPort } from './nats-port.js';
import { Turn } from './turn.js';

describe('the end of a turn', () => {
  it('comes when the turn is over, in order, and takes along what its own work leaves', async () => {
    const turn = new Turn();
    const seen: string[] = [];
    turn.end(() => {
      seen.push('first');
      turn.end(() => seen.push('left by the first'));
    });
    turn.end(() => seen.push('second'));
    await Promise.resolve();
    expect(seen).toEqual([]);
    await nextTurn();
    expect(seen).toEqual(['first', 'second', 'left by the first']);
    await nextTurn();
    expect(seen).toHaveLength(3);
  });

  it('is not spoilt for the others by one that throws, which is still heard of', async () => {
    const turn = new Turn();
    const thrown: unknown[] = [];
    const spy = jest.spyOn(globalThis, 'setImmediate');
    const seen: string[] = [];
    turn.end(() => {
      throw new Error('broken');
    });
    turn.end(() => seen.push('other'));
    const run = spy.mock.calls.at(-1)![0];
    spy.mockImplementation((callback) => {
      try {
        callback();
      } catch (error) {
        thrown.push(error);
      }
      return {} as NodeJS.Immediate;
    });
    run();
    spy.mockRestore();
    expect(seen).toEqual(['other']);
    expect(thrown).toEqual([new Error('broken')]);
    turn.end(() => seen.push('next turn'));
    await nextTurn();
    await nextTurn();
    expect(seen).toContain('next turn');
  });
});

describe('a data connection', () => {
  let nats: TestNats;
  let port: NatsPort;
  const events = { onDown: () => undefined, onUp: () => undefined };
  const received: string[] = [];

  beforeAll(async () => {
    nats = await startNatsServer();
    port = await NatsPort.open({ servers: nats.url, name: 'test' }, 'stream-1', newCounters(), events);
    port.subscribe('here', ({ data, reply }) => received.push(Buffer.from(data).toString() + (reply ?? '')));
    await port.flush();
  });

  beforeEach(() => received.splice(0));

  afterAll(async () => {
    await port.close();
    await nats.stop();
  });

  const publish = (...texts: string[]) => {
    for (const text of texts) port.publish('here', Buffer.from(text));
  };

  it('writes what is published in a turn together, in its order, when the turn is over', async () => {
    const writes = jest.spyOn(writer(port), 'flushPending');
    publish('a', 'b');
    await Promise.resolve();
    port.publish('here', Buffer.from('c'), 'there');
    expect(writes).not.toHaveBeenCalled();
    await nextTurn();
    await nextTurn();
    expect(writes).toHaveBeenCalledTimes(1);
    await port.flush();
    expect(received).toEqual(['a', 'b', 'cthere']);
    writes.mockRestore();
  });

  it('does not hold messages longer than two milliseconds, however long the turn is', async () => {
    const writes = jest.spyOn(writer(port), 'flushPending');
    publish('a');
    const untilMs = performance.now() + 3;
    while (performance.now() < untilMs);
    publish('b');
    await Promise.resolve();
    await Promise.resolve();
    expect(writes).toHaveBeenCalledTimes(1);
    writes.mockRestore();
    await port.flush();
    expect(received).toEqual(['a', 'b']);
  });

  it('sends what it holds before it says that all is sent, and before it closes', async () => {
    publish('a');
    await port.flush();
    await sleep(20);
    expect(received).toEqual(['a']);
    const other = await NatsPort.open({ servers: nats.url, name: 'test' }, 'stream-2', newCounters(), events);
    other.publish('here', Buffer.from('last'));
    await other.close();
    await sleep(20);
    expect(received).toEqual(['a', 'last']);
  });
});

/** What writes to the socket of a connection. */
const writer = (port: NatsPort) =>
  (port as unknown as { connection: { nats: { protocol: { flushPending(): void } } } }).connection.nats.protocol;
