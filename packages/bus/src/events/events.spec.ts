import { connect } from '@nats-io/transport-node';
import { event, nanos } from '@switchyard/contracts';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Bus, connectBus } from '../bus.js';
import { eventSubject } from './subject.js';

const Applied = event('test.v1.event.usage.applied', z.object({ chargedNanos: nanos }));

describe('events', () => {
  let nats: TestNats;
  let publisher: Bus;
  let listener: Bus;

  beforeAll(async () => {
    nats = await startNatsServer();
    publisher = await connectBus({ servers: nats.url, name: 'publisher' });
    listener = await connectBus({ servers: nats.url, name: 'listener' });
  }, 60_000);
  afterAll(async () => {
    await publisher.close();
    await listener.close();
    await nats.stop();
  });

  const settled = async () => {
    await listener.controlConnection.nats.flush();
    await publisher.controlConnection.nats.flush();
    await sleep(50);
  };

  it('reach the listeners of their suffix, and of any suffix, with amounts intact', async () => {
    const seen: [string, bigint][] = [];
    const mine = listener.subscriber.subscribe(Applied, (payload) => void seen.push(['mine', payload.chargedNanos]), {
      suffix: 'edge1',
    });
    const any = listener.subscriber.subscribe(
      Applied,
      (payload, subject) => void seen.push([subject, payload.chargedNanos]),
      {
        suffix: '*',
      },
    );
    await settled();
    publisher.events.publish(Applied, { chargedNanos: 9_007_199_254_740_993n }, { suffix: 'edge1' });
    publisher.events.publish(Applied, { chargedNanos: 2n }, { suffix: 'edge2' });
    publisher.events.publish(Applied, { chargedNanos: 3n });
    await settled();
    expect(seen.toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
      ['mine', 9_007_199_254_740_993n],
      ['test.v1.event.usage.applied.edge1', 9_007_199_254_740_993n],
      ['test.v1.event.usage.applied.edge2', 2n],
    ]);
    mine.stop();
    any.stop();
    publisher.events.publish(Applied, { chargedNanos: 4n }, { suffix: 'edge1' });
    await settled();
    expect(seen).toHaveLength(3);
  });

  it('are shared by the listeners of a queue', async () => {
    let count = 0;
    const subscriptions = [1, 2, 3].map(() =>
      listener.subscriber.subscribe(Applied, () => void count++, { queue: 'workers' }),
    );
    await settled();
    for (let index = 0; index < 30; index++) publisher.events.publish(Applied, { chargedNanos: 1n });
    await settled();
    expect(count).toBe(30);
    for (const subscription of subscriptions) subscription.stop();
  });

  it('go on after one that is broken and a handler that fails', async () => {
    const seen: bigint[] = [];
    const subscription = listener.subscriber.subscribe(Applied, async ({ chargedNanos }) => {
      if (chargedNanos === 1n) throw new Error('handler broke');
      seen.push(chargedNanos);
    });
    await settled();
    const raw = await connect({ servers: nats.url });
    raw.publish(Applied.subject, 'not json');
    raw.publish(Applied.subject, '{"chargedNanos":5}');
    await raw.drain();
    publisher.events.publish(Applied, { chargedNanos: 1n });
    publisher.events.publish(Applied, { chargedNanos: 2n });
    await settled();
    expect(seen).toEqual([2n]);
    subscription.stop();
  });

  it('are dropped while the broker is away, and arrive again when it is back', async () => {
    const seen: bigint[] = [];
    listener.subscriber.subscribe(Applied, ({ chargedNanos }) => void seen.push(chargedNanos));
    await nats.kill9();
    await waitUntil(() => !publisher.controlConnection.connected, { what: 'the break is noticed' });
    expect(() => publisher.events.publish(Applied, { chargedNanos: 1n })).not.toThrow();
    await nats.start();
    await publisher.controlConnection.whenConnected(10_000);
    await listener.controlConnection.whenConnected(10_000);
    await settled();
    publisher.events.publish(Applied, { chargedNanos: 2n });
    await waitUntil(() => seen.length > 0, { what: 'the next event' });
    expect(seen).toEqual([2n]);
  }, 30_000);

  it('cannot be published against their contract', () => {
    expect(() => publisher.events.publish(Applied, { chargedNanos: -1n })).toThrow('chargedNanos');
  });
});

describe('eventSubject', () => {
  it.each(['*', '>', 'a.*', 'a b', '', '.', 'a..b', 'a\nb', 'ü'])('refuses the suffix %j for publishing', (suffix) => {
    expect(() => eventSubject('x.v1.event.y.z', suffix, 'refuse')).toThrow(RangeError);
  });

  it('allows a wildcard only for listening, and only as a whole', () => {
    expect(eventSubject('x', '*', 'allow')).toBe('x.*');
    expect(eventSubject('x', 'anthropic', 'refuse')).toBe('x.anthropic');
    expect(() => eventSubject('x', 'a.*', 'allow')).toThrow(RangeError);
  });
});
