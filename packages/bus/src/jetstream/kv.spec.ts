import { CATALOGUE_BUCKET, escapeKey, HEALTH_BUCKET, KEYS_BUCKET, PROBER_BUCKET } from '@switchyard/contracts';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { mkdirSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { type Bus, connectBus } from '../bus.js';
import { readJson } from './read-json.js';
import { ensureTopology } from './topology.js';

/** What a cache does with a watch. */
class Mirror {
  readonly entries = new Map<string, string>();
  readonly calls: string[] = [];

  onEntry(key: string, value: Uint8Array | null): void {
    if (value === null) this.entries.delete(key);
    else this.entries.set(key, new TextDecoder().decode(value));
  }

  onInitialDone(): void {
    this.calls.push('initial');
  }

  onReconnect(): void {
    this.calls.push('reconnect');
  }

  onReplayed(keys: ReadonlySet<string>): void {
    this.calls.push(`replayed ${[...keys].sort().join(',')}`);
  }
}

describe('KvBuckets', () => {
  let nats: TestNats;
  let bus: Bus;

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    bus = await connectBus({ servers: nats.url, name: 'registry' });
  }, 60_000);
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  }, 60_000);

  it('stores, reads, lists and deletes', async () => {
    const key = escapeKey('openai/gpt-4o:free');
    const revision = await bus.kv.put(HEALTH_BUCKET, key, 'one');
    await expect(bus.kv.put(HEALTH_BUCKET, key, new Uint8Array([50]))).resolves.toBeGreaterThan(revision);
    const entry = await bus.kv.get(HEALTH_BUCKET, key);
    expect(new TextDecoder().decode(entry?.value)).toBe('2');
    await expect(bus.kv.keys(HEALTH_BUCKET)).resolves.toEqual([key]);
    await bus.kv.delete(HEALTH_BUCKET, key);
    await expect(bus.kv.get(HEALTH_BUCKET, key)).resolves.toBeNull();
    await expect(bus.kv.get(HEALTH_BUCKET, 'never')).resolves.toBeNull();
    await expect(bus.kv.keys(HEALTH_BUCKET)).resolves.toEqual([]);
    await expect(bus.kv.delete(HEALTH_BUCKET, 'never')).resolves.toBeUndefined();
  });

  it('creates only what is not there, and writes only over the revision that is meant', async () => {
    const first = await bus.kv.create(PROBER_BUCKET, 'leader', 'one');
    expect(first).toBeGreaterThan(0);
    await expect(bus.kv.create(PROBER_BUCKET, 'leader', 'two')).resolves.toBeNull();
    const second = await bus.kv.update(PROBER_BUCKET, 'leader', 'three', first!);
    await expect(bus.kv.update(PROBER_BUCKET, 'leader', 'four', first!)).resolves.toBeNull();
    expect(second).toBeGreaterThan(first!);
    expect(new TextDecoder().decode((await bus.kv.get(PROBER_BUCKET, 'leader'))?.value)).toBe('three');
    await bus.kv.delete(PROBER_BUCKET, 'leader');
    await expect(bus.kv.create(PROBER_BUCKET, 'leader', 'five')).resolves.toBeGreaterThan(second!);
  });

  it('reads a whole bucket, without what was deleted', async () => {
    await bus.kv.put(PROBER_BUCKET, 'a', '1');
    await bus.kv.put(PROBER_BUCKET, 'b', '2');
    await bus.kv.delete(PROBER_BUCKET, 'a');
    const entries = await bus.kv.entries(PROBER_BUCKET);
    expect([...entries.keys()].sort()).toEqual(['b', 'leader']);
    expect(new TextDecoder().decode(entries.get('b'))).toBe('2');
  });

  it('tells the state first and then the changes', async () => {
    await bus.kv.put(CATALOGUE_BUCKET, 'a/one', '1');
    await bus.kv.put(CATALOGUE_BUCKET, 'b.two', '2');
    const mirror = new Mirror();
    const watch = await bus.kv.watch(CATALOGUE_BUCKET, mirror);
    await waitUntil(() => mirror.calls.includes('initial'), { what: 'the state' });
    expect(Object.fromEntries(mirror.entries)).toEqual({ 'a/one': '1', 'b.two': '2' });
    await bus.kv.put(CATALOGUE_BUCKET, 'a/one', '11');
    await bus.kv.delete(CATALOGUE_BUCKET, 'b.two');
    await waitUntil(() => mirror.entries.get('a/one') === '11' && !mirror.entries.has('b.two'), {
      what: 'the changes',
    });
    expect(mirror.calls).toEqual(['replayed a/one,b.two', 'initial']);
    await watch.stop();
    await bus.kv.put(CATALOGUE_BUCKET, 'a/one', '12');
    expect(mirror.entries.get('a/one')).toBe('11');
  });

  it('is complete at once when the bucket is empty', async () => {
    const mirror = new Mirror();
    const watch = await bus.kv.watch(KEYS_BUCKET, mirror);
    await waitUntil(() => mirror.calls.includes('initial'), { what: 'the empty state' });
    await watch.stop();
  });

  it('does not fail because a watcher does', async () => {
    const seen: string[] = [];
    const watch = await bus.kv.watch(KEYS_BUCKET, {
      onEntry: (key) => {
        seen.push(key);
        if (key === 'first') throw new Error('broken watcher');
      },
    });
    await bus.kv.put(KEYS_BUCKET, 'first', '1');
    await bus.kv.put(KEYS_BUCKET, 'second', '2');
    await waitUntil(() => seen.includes('second'), { what: 'the second entry' });
    await watch.stop();
  });

  it('gives a watcher that wants them the entries that it cannot read', async () => {
    const numbers: number[] = [];
    const broken: string[] = [];
    const watch = bus.kv.follow(PROBER_BUCKET, {
      onEntry: (_, value) => void (value && numbers.push(readJson(z.int(), value))),
      onBroken: (key, error) => broken.push(`${key}: ${error.name}`),
    });
    await bus.kv.put(PROBER_BUCKET, 'number.a', '{');
    await bus.kv.put(PROBER_BUCKET, 'number.b', '"text"');
    await bus.kv.put(PROBER_BUCKET, 'number.c', '42');
    await waitUntil(() => numbers.includes(42), { what: 'the entry that can be read' });
    expect(broken).toEqual(expect.arrayContaining(['number.a: SyntaxError', 'number.b: ZodError']));
    await watch.stop();
  });

  it('may be stopped before it has begun, and tells nothing then', async () => {
    await bus.kv.put(CATALOGUE_BUCKET, 'early', '1');
    const mirror = new Mirror();
    const watch = bus.kv.follow(CATALOGUE_BUCKET, mirror);
    await watch.stop();
    await watch.begun;
    await bus.kv.put(CATALOGUE_BUCKET, 'early', '2');
    expect([mirror.entries.size, mirror.calls]).toEqual([0, []]);
  });

  it('tells what it missed while the broker was away', async () => {
    const mirror = new Mirror();
    const watch = await bus.kv.watch(HEALTH_BUCKET, mirror);
    await bus.kv.put(HEALTH_BUCKET, 'gone', '1');
    await waitUntil(() => mirror.entries.has('gone'), { what: 'the entry' });
    await nats.kill9();
    await nats.start();
    const other = await connectBus({ servers: nats.url, name: 'other' });
    await other.kv.delete(HEALTH_BUCKET, 'gone');
    await other.kv.put(HEALTH_BUCKET, 'new', '2');
    await other.close();
    await waitUntil(() => mirror.entries.has('new') && !mirror.entries.has('gone'), { what: 'the missed changes' });
    expect(mirror.calls.filter((call) => call === 'initial')).toHaveLength(1);
    expect(mirror.calls).toContain('reconnect');
    await watch.stop();
  }, 30_000);

  it('goes on when the broker lost its store, says what exists, and takes nothing away by itself', async () => {
    const mirror = new Mirror();
    const watch = await bus.kv.watch(CATALOGUE_BUCKET, mirror);
    for (let index = 0; index < 20; index++) await bus.kv.put(CATALOGUE_BUCKET, 'kept', `${index}`);
    await waitUntil(() => mirror.entries.get('kept') === '19', { what: 'the entry' });
    await nats.kill9();
    rmSync(nats.storeDirectory, { recursive: true });
    mkdirSync(nats.storeDirectory);
    await nats.start();
    await ensureTopology(nats.url);
    await waitUntil(() => mirror.calls.includes('replayed '), { what: 'the replay of nothing', timeoutMs: 20_000 });
    expect(mirror.entries.get('kept')).toBe('19');
    await bus.kv.put(CATALOGUE_BUCKET, 'fresh', '1');
    await waitUntil(() => mirror.entries.has('fresh'), { what: 'the new entry' });
    await watch.stop();
  }, 60_000);

  it('goes on when the bucket was deleted and made again without a break of the connection', async () => {
    const mirror = new Mirror();
    const watch = await bus.kv.watch(KEYS_BUCKET, mirror);
    const manager = await (await import('@nats-io/jetstream')).jetstreamManager(bus.jetstreamConnection.nats);
    await manager.streams.delete(`KV_${KEYS_BUCKET}`);
    await ensureTopology(bus);
    await bus.kv.put(KEYS_BUCKET, 'fresh', '1');
    await waitUntil(() => mirror.entries.has('fresh'), { what: 'the new entry', timeoutMs: 20_000 });
    await watch.stop();
  }, 30_000);

  it('waits for a bucket that does not exist yet', async () => {
    const mirror = new Mirror();
    const watch = await bus.kv.watch('later', mirror);
    expect(mirror.calls).toEqual([]);
    await watch.stop();
  });
});
