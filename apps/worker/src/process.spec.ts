import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from '@switchyard/testing';
import { Harness, until } from './testing/harness.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const children: ChildProcess[] = [];

function start(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

(existsSync(main) ? describe : describe.skip)('the worker as a process (skipped until it is built)', () => {
  let harness: Harness;
  beforeAll(async () => (harness = await Harness.start()), 30_000);
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    await harness.stop();
  });

  it('refuses to start and names every bad variable at once, without their values', async () => {
    const { child, output } = start({ PROVIDER: 'openai', OPENAI_BASE_URL: 'http://example.com/v1', HTTP_PORT: 'x' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(78);
    for (const name of ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'HTTP_PORT', 'NATS_URL']) expect(output()).toContain(name);
    expect(output()).not.toContain('example.com');
  });

  it('refuses an unknown provider and lists the known ones', async () => {
    const { child, output } = start({ PROVIDER: 'nobody', NATS_URL: harness.nats.url });
    expect(await once(child, 'exit')).toEqual([78, null]);
    expect(output()).toContain('sandbox');
  });

  it('serves, keeps its key and the prompt out of the logs, finishes its streams on SIGTERM and exits with 0', async () => {
    const port = await freePort();
    const { child, output } = start({
      PROVIDER: 'openai',
      OPENAI_API_KEY: 'sk-canary-key-0123456789',
      OPENAI_BASE_URL: `${harness.simulator.url}/v1`,
      NATS_URL: harness.nats.url,
      HTTP_PORT: String(port),
    });
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
    await until(ready, 15_000);
    const ask = (directive: string) =>
      harness.ask({
        body: { stream: true, messages: [{ role: 'user', content: `canary-prompt ${directive}` }] },
        endpoint: { provider: 'openai' },
      });
    expect((await ask('[[fault: status=401 echo_key]]')).failure?.code).toBe('upstream_auth');
    const running = ask('[[fault: tokens=60 tps=60]]');
    await until(async () => (await harness.simulator.book()).length === 2);
    child.kill('SIGTERM');
    expect((await running).end).toMatchObject({ outcome: 'final', usage: { outputTokens: 60 } });
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
    expect(output()).not.toContain('canary');
  }, 30_000);
});
