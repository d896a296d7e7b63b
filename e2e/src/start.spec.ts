import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitUntil } from '@switchyard/testing';
import { ROOT, START_TIMEOUT_MS } from './test-stack.js';

interface State {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly managementKey: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly metricsUrl: string;
  readonly services: readonly { name: string; pid: number; url?: string }[];
}

const STARTED = new Set<ChildProcess>();

/** `npm start` without the installing part, which the test run has been through already. */
function start(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [path.join(ROOT, 'infra/local/dist/main.js'), '--data', folder, ...args], {
    env: {
      PATH,
      HOME,
      SWITCHYARD_STATE_FILE: path.join(folder, 'state.json'),
      SWITCHYARD_ENV_FILE: path.join(folder, 'env'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  STARTED.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited, output: () => output };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('npm start', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-start-'));
  const data = path.join(folder, 'data');
  const readState = () => JSON.parse(readFileSync(path.join(data, 'state.json'), 'utf8')) as State;
  afterAll(async () => {
    // After a failure something may still run.
    await Promise.all(
      [...STARTED]
        .filter((child) => child.exitCode === null && child.signalCode === null)
        .map((child) => {
          const exited = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGTERM');
          return exited;
        }),
    );
    rmSync(folder, { recursive: true, force: true });
  }, START_TIMEOUT_MS);

  const credits = async (state: State) => {
    const response = await fetch(`${state.baseUrl}/credits`, {
      headers: { authorization: `Bearer ${state.managementKey}` },
    });
    const body: unknown = await response.json();
    expect(body).toHaveProperty('data');
    return (body as { data: { total_credits: number; total_usage: number } }).data;
  };
  const chat = (state: State) =>
    fetch(`${state.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${state.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] }),
    });

  it(
    'writes its state, stops everything on Ctrl-C, and finds its data again',
    async () => {
      const first = start(data, ['--port', '0', '--workers', '1']);
      await waitUntil(() => first.output().includes('Switchyard is ready') || first.child.exitCode !== null, {
        what: 'the start',
        timeoutMs: START_TIMEOUT_MS,
      });
      expect(first.output()).toContain('curl');
      const state = readState();
      expect(statSync(path.join(data, 'state.json')).mode & 0o777).toBe(0o600);
      expect(state.services.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'postgres',
          'nats-server',
          'edge',
          'auth',
          'ledger',
          'registry',
          'prober',
          'vault',
          'worker-sandbox-1',
        ]),
      );
      expect(await credits(state)).toEqual({ total_credits: 10, total_usage: 0 });
      expect((await chat(state)).status).toBe(200);
      expect((await fetch(state.metricsUrl)).status).toBe(200);

      first.child.kill('SIGINT');
      expect(await first.exited).toBe(0);
      for (const { name, pid } of state.services) expect([name, isAlive(pid)]).toEqual([name, false]);
      expect(existsSync(path.join(data, 'state.json'))).toBe(false);

      const second = start(data, ['--port', '0', '--workers', '1']);
      await waitUntil(() => second.output().includes('Switchyard is ready') || second.child.exitCode !== null, {
        what: 'the second start',
        timeoutMs: START_TIMEOUT_MS,
      });
      const again = readState();
      expect(again.apiKey).toBe(state.apiKey);
      const after = await credits(again);
      expect(after.total_credits).toBe(10);
      expect(after.total_usage).toBeGreaterThan(0);

      // A runner that is killed takes its services with it; the next start copes with the servers it left.
      second.child.kill('SIGKILL');
      const services = again.services.filter(({ name }) => !['postgres', 'nats-server'].includes(name));
      await waitUntil(() => services.every(({ pid }) => !isAlive(pid)), {
        what: 'the services end with the runner',
        timeoutMs: 60_000,
      });
      const third = start(data, ['--port', '0', '--workers', '1']);
      await waitUntil(() => third.output().includes('Switchyard is ready') || third.child.exitCode !== null, {
        what: 'the third start',
        timeoutMs: START_TIMEOUT_MS,
      });
      expect((await chat(readState())).status).toBe(200);
      third.child.kill('SIGTERM');
      expect(await third.exited).toBe(0);
      for (const { name, pid } of again.services.filter((service) => service.name === 'nats-server')) {
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
        expect(name).toBe('nats-server');
      }
    },
    4 * START_TIMEOUT_MS,
  );

  it(
    'says in one line what is wrong',
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await waitUntil(() => server.listening, { what: 'the port is taken' });
      const { port } = server.address() as { port: number };
      const taken = start(data, ['--port', String(port)]);
      expect(await taken.exited).toBe(1);
      expect(taken.output().trim()).toMatch(/^switchyard: port \d+ is taken\..*$/);
      server.close();

      const usage = start(data, ['--port', 'eighty']);
      expect(await usage.exited).toBe(1);
      expect(usage.output().trim()).toMatch(/^switchyard: --port must be a whole number.*$/);

      writeFileSync(path.join(folder, 'broken'), 'OPENAI_API_KEY=sk-1\nthis is not an assignment\n');
      const broken = start(data, ['--port', '0'], { SWITCHYARD_ENV_FILE: path.join(folder, 'broken') });
      expect(await broken.exited).toBe(1);
      expect(broken.output().trim()).toMatch(/^switchyard: .*broken, line 2: expected NAME=value$/);

      const unreachable = start(data, ['--port', '0'], { DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none' });
      expect(await unreachable.exited).toBe(1);
      expect(unreachable.output().trim()).toMatch(
        /^switchyard: DATABASE_URL: PostgreSQL does not accept the connection: .*$/,
      );
    },
    START_TIMEOUT_MS,
  );
});
