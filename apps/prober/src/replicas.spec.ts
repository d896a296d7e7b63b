import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectBus, ensureTopology } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { AttemptFinished, CATALOGUE_BUCKET, EndpointHealth, HEALTH_BUCKET, escapeKey } from '@switchyard/contracts';
import type { AttemptOutcome } from '@switchyard/contracts';
import { ServerProcess, freePort, startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { anOutcome } from './testing/builders.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MODEL = 'acme/large';
const ID = `a:${MODEL}`;
const WAIT = { timeoutMs: 60_000 };

(existsSync(main) ? describe : describe.skip)('several probers (skipped until they are built)', () => {
  let nats: TestNats;
  let others: Bus;
  const running: ServerProcess[] = [];
  /** What was told so far, by outcome. */
  const told = { success: 0, failure: 0 };
  let number = 0;

  const start = async (): Promise<ServerProcess> => {
    const port = await freePort();
    const prober = new ServerProcess(process.execPath, [main], {
      env: { PATH: process.env['PATH'], NATS_URL: nats.url, HTTP_PORT: String(port), HTTP_HOST: '127.0.0.1' },
    });
    running.push(prober);
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitUntil(isReady, { what: 'a prober to be ready', ...WAIT });
    return prober;
  };
  const tell = (outcome: 'success' | 'failure', times: number): void => {
    for (let time = 0; time < times; time += 1) {
      told[outcome] += 1;
      const fields: Partial<AttemptOutcome> = { endpointId: ID, modelId: MODEL, provider: 'a', outcome };
      const payload = anOutcome({ ...fields, origin: { worker: 'w', number: (number += 1) } });
      others.events.publish(AttemptFinished, payload, { suffix: 'a' });
    }
  };
  const published = async (): Promise<EndpointHealth | null> => {
    const entry = await others.kv.get(HEALTH_BUCKET, escapeKey(ID));
    return entry && EndpointHealth.parse(JSON.parse(new TextDecoder().decode(entry.value)));
  };
  const expectAllCountedOnce = async (): Promise<void> => {
    const count = told.success + told.failure;
    await waitUntil(async () => ((await published())?.day?.count ?? 0) >= count, {
      what: `${count} attempts`,
      ...WAIT,
    });
    const { day, windows } = (await published())!;
    expect(day).toEqual({ count, failures: told.failure });
    expect(windows.last30m).toMatchObject({ count, failures: told.failure });
  };

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    others = await connectBus({ servers: nats.url, name: 'worker' });
    await others.kv.put(CATALOGUE_BUCKET, escapeKey(MODEL), JSON.stringify({ id: MODEL, endpoints: [{ id: ID }] }));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(running.map((prober) => prober.stop('SIGKILL')));
    await others.close();
    await nats.stop();
  }, 60_000);

  it('count every attempt once, also when the one that leads is killed, and one that is stopped and started again', async () => {
    const first = await start();
    tell('success', 20);
    await expectAllCountedOnce();
    const second = await start();
    tell('success', 15);
    tell('failure', 3);
    await expectAllCountedOnce();

    // Told before and after the death of the one that leads; nobody leads for some seconds.
    tell('success', 10);
    await first.stop('SIGKILL');
    tell('success', 5);
    tell('failure', 2);
    await expectAllCountedOnce();

    // A rolling update: the next one is there before the last one goes.
    const third = await start();
    tell('success', 4);
    await second.stop();
    tell('success', 4);
    await expectAllCountedOnce();

    // The only one restarts: what is told meanwhile is heard by nobody, everything else stays.
    await third.stop();
    await start();
    tell('success', 1);
    await expectAllCountedOnce();
    expect((await published())?.windows.last30m.latencyMs?.p50).toBeGreaterThan(190);
  }, 180_000);
});
