import { jetstreamManager, type JetStreamManager, StorageType } from '@nats-io/jetstream';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import { startNatsServer, type TestNats } from '@switchyard/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureTopology, TopologyError } from './topology.js';
import { differences, topologyPlan } from './topology-plan.js';

const DAY_MS = 86_400_000;

describe('ensureTopology', () => {
  let nats: TestNats;
  let raw: NatsConnection;
  let manager: JetStreamManager;

  // A server per test: one that deletes streams in the background may refuse to make new ones for a moment.
  beforeEach(async () => {
    nats = await startNatsServer();
    raw = await connect({ servers: nats.url });
    manager = await jetstreamManager(raw);
  }, 60_000);
  afterEach(async () => {
    await raw.close();
    await nats.stop();
  });

  it('makes every stream and bucket as planned, and a second time changes nothing', async () => {
    await ensureTopology(nats.url);
    const usage = await manager.streams.info('USAGE');
    expect(usage.config).toMatchObject({
      subjects: ['usage.v1.>'],
      retention: 'limits',
      discard: 'new',
      storage: 'file',
      max_age: nanos(30 * DAY_MS),
      duplicate_window: nanos(600_000),
    });
    expect((await manager.streams.info('GENERATIONS')).config.max_age).toBe(nanos(7 * DAY_MS));
    for (const bucket of ['catalogue', 'health', 'keys', 'sticky']) {
      const { config } = await manager.streams.info(`KV_${bucket}`);
      expect(config).toMatchObject({ subjects: [`$KV.${bucket}.>`], max_msgs_per_subject: 1, storage: 'file' });
    }
    await raw.request('usage.v1.x', 'kept');
    await ensureTopology(nats.url);
    const again = await manager.streams.info('USAGE');
    expect(again.created).toBe(usage.created);
    expect(again.state.messages).toBe(1);
  });

  it('changes in place what NATS lets be changed, and keeps the messages', async () => {
    await manager.streams.add({ name: 'USAGE', subjects: ['usage.v1.>'], max_age: nanos(DAY_MS) });
    await raw.request('usage.v1.x', 'kept');
    await ensureTopology(nats.url);
    const { config, state } = await manager.streams.info('USAGE');
    expect(config).toMatchObject({ discard: 'new', max_age: nanos(30 * DAY_MS) });
    expect(state.messages).toBe(1);
  });

  it('refuses a stream that cannot be changed, and says which setting is wrong and what to do', async () => {
    await manager.streams.add({ name: 'USAGE', subjects: ['usage.v1.>'], storage: StorageType.Memory });
    const error = await ensureTopology(nats.url).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TopologyError);
    expect((error as Error).message).toMatch(
      /stream USAGE cannot be changed in place.*storage is "memory", wanted "file"/s,
    );
    expect((await manager.streams.info('USAGE')).config.storage).toBe('memory');
  });

  it('refuses when another stream has taken the subjects', async () => {
    await manager.streams.add({ name: 'OTHER', subjects: ['usage.>'] });
    await expect(ensureTopology(nats.url)).rejects.toThrow(/stream USAGE: subjects overlap/);
  });

  it('finds every setting that a broker did not take', () => {
    const [usage] = topologyPlan();
    expect(usage).toBeDefined();
    const { duplicate_window: _ignored, ...old } = usage!;
    expect(differences(usage!, usage!)).toEqual([]);
    expect(differences(usage!, { ...old, discard: 'old' })).toEqual([
      'discard is "old", wanted "new"',
      'duplicate_window is undefined, wanted 600000000000',
    ]);
  });

  const run = async (env: Record<string, string>) => {
    const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../dist/topology-command.js')], {
      env: { PATH: process.env['PATH'], ...env },
    });
    const exited = once(child, 'exit') as Promise<[number | null]>;
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { output, errors, code };
  };

  it('is also a command', async () => {
    const { output, code } = await run({ NATS_URL: nats.url });
    expect(output).toContain('streams and buckets are in place');
    expect(code).toBe(0);
    expect((await manager.streams.info('KV_keys')).config.name).toBe('KV_keys');
  }, 30_000);

  it('names every wrong variable when the command cannot run', async () => {
    const { errors, code } = await run({ NATS_REPLICAS: '2' });
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect(errors).toMatch(/NATS_URL is missing.*NATS_REPLICAS must be 1, 3 or 5/);
    expect(code).toBe(1);
  }, 30_000);
});
