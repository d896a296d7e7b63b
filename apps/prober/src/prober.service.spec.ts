import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { connectBus, ensureTopology } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { ChassisModule, Health } from '@switchyard/chassis';
import {
  AttemptFinished,
  CATALOGUE_BUCKET,
  EndpointHealth,
  EndpointHistory,
  HEALTH_BUCKET,
  HEALTH_HISTORY_BUCKET,
  escapeKey,
} from '@switchyard/contracts';
import type { AttemptOutcome } from '@switchyard/contracts';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { Clock } from './clock.js';
import { ProberModule } from './prober.module.js';
import { anOutcome } from './testing/builders.js';

/** The time of the test: real, plus what the test skips. */
class SkippingClock extends Clock {
  skippedMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.skippedMs;
  }
}

const MODEL = 'acme/large';
const idOf = (provider: string): string => `${provider}:${MODEL}`;
const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil(condition, { what: condition.toString() });

describe('the prober on a real broker', () => {
  let nats: TestNats;
  let others: Bus;
  let prober: TestingModule;
  let clock: SkippingClock;

  const start = async (skippedMs = 0): Promise<void> => {
    clock = new SkippingClock();
    clock.skippedMs = skippedMs;
    prober = await Test.createTestingModule({ imports: [ChassisModule, ProberModule.forRoot({ natsUrl: nats.url })] })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    prober.useLogger(false);
    await prober.init();
    prober.get(Health).markStarted();
    await until(async () => (await prober.get(Health).readiness()).ready);
  };
  const publishedOf = async (provider: string): Promise<EndpointHealth | null> => {
    const entry = await others.kv.get(HEALTH_BUCKET, escapeKey(idOf(provider)));
    return entry && EndpointHealth.parse(JSON.parse(new TextDecoder().decode(entry.value)));
  };
  const stateOf = async (provider: string) => (await publishedOf(provider))?.state;
  let told = 0;
  const tell = (provider: string, outcome: AttemptOutcome['outcome'], times = 1): void => {
    for (let time = 0; time < times; time += 1) {
      const payload = anOutcome({
        endpointId: idOf(provider),
        modelId: MODEL,
        provider,
        outcome,
        origin: { worker: 'w', number: (told += 1) },
      });
      others.events.publish(AttemptFinished, payload, { suffix: provider });
    }
  };
  const putModel = (...providers: string[]) =>
    others.kv.put(
      CATALOGUE_BUCKET,
      escapeKey(MODEL),
      JSON.stringify({ id: MODEL, endpoints: providers.map((provider) => ({ id: idOf(provider) })) }),
    );

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    others = await connectBus({ servers: nats.url, name: 'worker' });
    await putModel('a', 'b');
    await start();
  }, 60_000);
  afterAll(async () => {
    await prober.close();
    await others.close();
    await nats.stop();
  }, 60_000);

  it('publishes what attempts of every provider tell', async () => {
    tell('a', 'success', 3);
    tell('a', 'client_error', 2);
    tell('b', 'success');
    await until(
      async () => (await publishedOf('a'))?.windows.last30s.count === 3 && (await stateOf('b')) === 'healthy',
    );
    const health = await publishedOf('a');
    expect(health).toMatchObject({ modelId: MODEL, uptime: { last5m: 100 }, windows: { last5m: { failures: 0 } } });
    expect(Math.abs(health!.windows.last30m.latencyMs!.p50 - 200)).toBeLessThan(6);
    expect(Math.abs(health!.windows.last5m.throughput!.p50 - 40)).toBeLessThan(1.5);
  }, 20_000);

  it('ejects after five failures, opens half after 30 s, restores after one success', async () => {
    tell('a', 'failure', 5);
    await until(async () => (await stateOf('a')) === 'ejected');
    const { ejectedUntilMs, updatedAtMs } = (await publishedOf('a'))!;
    expect(ejectedUntilMs! - updatedAtMs).toBe(30_000);
    clock.skippedMs += 30_000;
    await until(async () => (await stateOf('a')) === 'half_open');
    tell('a', 'success');
    await until(async () => (await stateOf('a')) === 'healthy');
  }, 20_000);

  it('publishes an endpoint at most once a second while nothing changes', async () => {
    let writes = 0;
    const watch = await others.kv.watch(HEALTH_BUCKET, { onEntry: () => (writes += 1) });
    await until(() => writes >= 2);
    const before = writes;
    const startedMs = performance.now();
    for (let burst = 0; burst < 100; burst += 1) {
      tell('b', 'success', 5);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    await until(async () => (await publishedOf('b'))!.windows.last5m.count >= 500);
    // One more for the write that was due at the start, and one for that at the end.
    expect(writes - before).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
    await watch.stop();
  }, 30_000);

  it('goes on after its own restart where it was', async () => {
    tell('a', 'failure', 5);
    await until(async () => (await stateOf('a')) === 'ejected');
    const before = (await publishedOf('a'))!;
    const { skippedMs } = clock;
    await prober.close();
    await start(skippedMs);
    tell('a', 'success');
    await until(async () => (await publishedOf('a'))!.windows.last5m.count > before.windows.last5m.count);
    const after = (await publishedOf('a'))!;
    expect(after).toMatchObject({
      state: 'ejected',
      timesEjected: before.timesEjected,
      ejectedUntilMs: before.ejectedUntilMs,
      day: { failures: before.day!.failures },
    });
    expect(after.windows.last30m.latencyMs).not.toBeNull();
    // The day was stored as well, for the status page and for a prober that starts when its slices are gone.
    const day = await others.kv.get(HEALTH_HISTORY_BUCKET, escapeKey(idOf('a')));
    const { steps } = EndpointHistory.parse(JSON.parse(new TextDecoder().decode(day!.value)));
    expect(steps.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(before.day!.count);
    clock.skippedMs += before.ejectedUntilMs! - before.updatedAtMs;
    await until(async () => (await stateOf('a')) === 'half_open');
  }, 30_000);

  it('ignores outcomes that break their contract, and endpoints that the catalogue does not have', async () => {
    tell('stranger', 'failure', 5);
    others.controlConnection.nats.publish(`${AttemptFinished.subject}.a`, 'not json');
    others.controlConnection.nats.publish(`${AttemptFinished.subject}.a`, '{"endpointId":1}');
    const { count } = (await publishedOf('b'))!.windows.last5m;
    tell('b', 'success');
    await until(async () => (await publishedOf('b'))!.windows.last5m.count > count);
    expect(await publishedOf('stranger')).toBeNull();
  }, 20_000);

  it('goes on when the broker was away', async () => {
    await nats.kill9();
    await nats.start();
    await until(() => others.connected);
    await until(async () => {
      tell('b', 'failure', 5);
      tell('a', 'success', 1);
      return (await stateOf('b')) === 'ejected';
    });
  }, 60_000);

  it('takes an endpoint out of the bucket that left the catalogue', async () => {
    await putModel('a');
    clock.skippedMs += 30_000;
    await until(async () => (await publishedOf('b')) === null);
    expect(await publishedOf('a')).not.toBeNull();
  }, 30_000);
});
