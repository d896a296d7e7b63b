import { connectBus } from '@switchyard/bus';
import { rpc } from '@switchyard/contracts';
import { freePort, startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const ROOT = path.resolve(import.meta.dirname, '..');
const Echo = rpc('chassis-test.v1.rpc.text.echo', z.object({ text: z.string() }), z.object({ text: z.string() }));

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly service: string;
  readonly instance: string;
}

/** The test service as a real process. */
class Service {
  readonly child: ChildProcess;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  output = '';
  readonly url: string;

  constructor(
    readonly port: number,
    env: Record<string, string>,
    stdin: 'ignore' | 'pipe' = 'ignore',
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.child = spawn(process.execPath, ['test/service.mjs'], {
      cwd: ROOT,
      stdio: [stdin, 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HTTP_PORT: `${port}`, ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exited = once(this.child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  get lines(): LogLine[] {
    return this.output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  }

  get messages(): string[] {
    return this.lines.map((line) => line.message);
  }

  async ready(): Promise<this> {
    await waitUntil(() => this.output.includes('is ready on'), { what: `ready: ${this.output}`, timeoutMs: 20_000 });
    return this;
  }
}

describe('runService', () => {
  let nats: TestNats;
  const services: Service[] = [];
  const start = async (mode = '', env: Record<string, string> = {}, stdin: 'ignore' | 'pipe' = 'ignore') => {
    const service = new Service(await freePort(), { NATS_URL: nats.url, TEST_MODE: mode, ...env }, stdin);
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    nats = await startNatsServer();
  }, 60_000);
  afterEach(async () => {
    for (const service of services.splice(0)) {
      service.child.kill('SIGKILL');
      await service.exited;
    }
  });
  afterAll(() => nats.stop());

  it('serves probes, metrics and calls, and logs one JSON object per line', async () => {
    const service = await (await start('', { SERVICE_INSTANCE: 'one' })).ready();
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    const ready = await fetch(`${service.url}/readyz`);
    await expect(ready.json()).resolves.toEqual({ status: 'ready', checks: { nats: 'ok' } });
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('process_memory_usage');
    const bus = await connectBus({ servers: nats.url, name: 'test' });
    await expect(bus.rpc.call(Echo, { text: 'hello' })).resolves.toEqual({ text: 'hello' });
    await bus.close();
    for (const line of service.lines)
      expect(line).toMatchObject({ service: 'chassis-test', instance: 'one', level: 'info' });
  }, 60_000);

  it('stops in order on SIGTERM: not ready, drained step by step, calls in hand answered, closed, exit 0', async () => {
    const service = await (await start()).ready();
    const bus = await connectBus({ servers: nats.url, name: 'test' });
    const call = bus.rpc.call(Echo, { text: 'slow' });
    const request = fetch(`${service.url}/slow`);
    await sleep(200);
    service.child.kill('SIGTERM');
    await waitUntil(() => service.output.includes('drain first begins'), { what: 'the drain begins' });
    const readiness = await fetch(`${service.url}/readyz`);
    expect(readiness.status).toBe(503);
    expect(readiness.headers.get('connection')).toBe('close');
    await expect(call).resolves.toEqual({ text: 'slow' });
    await expect((await request).json()).resolves.toEqual({ slow: true });
    await expect(service.exited).resolves.toEqual([0, null]);
    expect(service.messages.slice(-5)).toEqual([
      'drain first begins',
      'drain first ends',
      'drain second',
      'module closed',
      'stopped',
    ]);
    await bus.close();
  }, 60_000);

  it('leaves a drain that takes too long, says so, and exits 1', async () => {
    const service = await (await start('slow-drain')).ready();
    service.child.kill('SIGTERM');
    await expect(service.exited).resolves.toEqual([1, null]);
    expect(service.messages.join('\n')).toContain('stopped without finishing: first');
  }, 60_000);

  it('ends at once on a second signal', async () => {
    const service = await (await start('slow-drain')).ready();
    service.child.kill('SIGTERM');
    await waitUntil(() => service.output.includes('stopping'), { what: 'the stop begins' });
    service.child.kill('SIGINT');
    await expect(service.exited).resolves.toEqual([1, null]);
    expect(service.output).not.toContain('module closed');
  }, 60_000);

  it('ends when its parent does, where it was told to', async () => {
    const service = await (await start('', { SWITCHYARD_PARENT: '1' }, 'pipe')).ready();
    service.child.stdin?.destroy();
    await expect(service.exited).resolves.toEqual([0, null]);
    expect(service.output).toContain('the parent process is gone');
  }, 60_000);

  it('goes on without stdin where it was not told to', async () => {
    const service = await (await start('', {}, 'pipe')).ready();
    service.child.stdin?.destroy();
    await sleep(300);
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  }, 60_000);

  it.each(['reject-later', 'throw-later'])(
    'logs an error that nobody handled and ends with 1: %s',
    async (mode) => {
      const service = await start(mode);
      await expect(service.exited).resolves.toEqual([1, null]);
      expect(service.lines.at(-1)).toMatchObject({
        level: 'fatal',
        message: expect.stringContaining('nobody') as string,
      });
    },
    60_000,
  );

  it.each([
    ['unhealthy', 'thing', 'thing is down'],
    ['stuck-probe', 'stuck', 'no answer within 1000 ms'],
  ])(
    'is alive but not ready when a check fails: %s',
    async (mode, name, why) => {
      const service = await (await start(mode)).ready();
      expect((await fetch(`${service.url}/livez`)).status).toBe(200);
      const ready = await fetch(`${service.url}/readyz`);
      expect(ready.status).toBe(503);
      await expect(ready.json()).resolves.toMatchObject({ checks: { [name]: why } });
    },
    60_000,
  );

  it('is not ready while the broker is away, and ready again when it is back', async () => {
    const service = await (await start()).ready();
    const status = async () => (await fetch(`${service.url}/readyz`)).status;
    await nats.kill9();
    await waitUntil(async () => (await status()) === 503, { what: 'not ready' });
    await nats.start();
    await waitUntil(async () => (await status()) === 200, { what: 'ready again' });
  }, 60_000);

  it('keeps secrets out of its log', async () => {
    const service = await (await start('leak')).ready();
    expect(service.output).toContain('***');
    expect(service.output).not.toMatch(/hunter2|abcdefghijklmnop|Bearer abc/);
  }, 60_000);

  describe('that cannot start says why in one line', () => {
    it('when a hook of the service fails', async () => {
      const service = await start('fail-init');
      await expect(service.exited).resolves.toEqual([1, null]);
      expect(service.messages).toEqual(['chassis-test cannot start: init broke: because of that']);
    }, 60_000);

    it('when the port is taken', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const service = await start('no-bus', { HTTP_PORT: `${port}` });
      await expect(service.exited).resolves.toEqual([1, null]);
      expect(service.messages).toEqual([expect.stringMatching(/^chassis-test cannot start: listen EADDRINUSE.*/)]);
      server.close();
    }, 60_000);

    it('when there is no broker', async () => {
      const port = await freePort();
      const service = await start('', { NATS_URL: `nats://edge:secret@127.0.0.1:${port}` });
      await expect(service.exited).resolves.toEqual([1, null]);
      expect(service.messages).toHaveLength(1);
      expect(service.messages[0]).toContain(`cannot connect to NATS at nats://127.0.0.1:${port}`);
      expect(service.output).not.toContain('secret');
    }, 60_000);

    it('naming every bad variable, before it has started anything', async () => {
      const service = await start('', { NATS_URL: '', HTTP_PORT: 'x', TEST_SECRET: 'short' });
      await expect(service.exited).resolves.toEqual([78, null]);
      expect(service.output.split('\n').map((line) => line.trim().split(':')[0])).toEqual([
        'cannot start, the configuration is not valid',
        'NATS_URL',
        'HTTP_PORT',
        'TEST_SECRET',
        '',
      ]);
      expect(service.output).not.toContain('short');
    }, 60_000);
  });
});
