import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { EdgeLock } from './edge-lock.js';

const DIST = path.resolve(import.meta.dirname, '../../dist');
const fileUrl = (name: string) => pathToFileURL(path.join(DIST, name)).href;
const DAY_MS = 86_400_000;

describe('a process that is killed or stopped', () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'switchyard-edge-'))));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a script in a process of its own; answers it and its next lines of output. */
  const run = (script: string, preload: readonly string[] = []) => {
    const child = spawn(process.execPath, [...preload, '--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async (): Promise<string> => String((await lines.next()).value);
    return { child, line };
  };
  const holder = (edgeEpoch: string) =>
    run(`import { EdgeLock } from '${fileUrl('process/edge-lock.js')}';
      console.log(await new EdgeLock('${folder}', 'edge').take('${edgeEpoch}'));
      setInterval(() => {}, 1_000);`);

  it('is known as dead by its successor, which gets its epoch once', async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const { child, line } = holder(first);
    expect(await line()).toBe('null');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const successor = new EdgeLock(folder, 'edge');
    await expect(successor.take(second)).resolves.toBe(first);
    await expect(new EdgeLock(folder, 'edge-2').take(third)).resolves.toBeNull();
    // An orderly end leaves nothing to take.
    successor.release();
    const next = new EdgeLock(folder, 'edge');
    await expect(next.take(third)).resolves.toBeNull();
    next.release();
    expect(existsSync(path.join(folder, 'edge.epoch'))).toBe(false);
  });

  it('is not taken for dead while it lives, not even when it is stopped', async () => {
    const { child, line } = holder(randomUUID());
    await line();
    await expect(new EdgeLock(folder, 'edge').take(randomUUID())).rejects.toThrow(/holds the name/);
    child.kill('SIGSTOP');
    await expect(new EdgeLock(folder, 'edge').take(randomUUID())).rejects.toThrow(/holds the name/);
  });

  const LEASE = `
    import { Lease } from '${fileUrl('credit/lease.js')}';
    import { monotonicClock } from '${fileUrl('credit/clock.js')}';
    const lease = new Lease({ leaseId: 'l', accountId: 'a', keyId: 'k', keyVersion: 1 }, monotonicClock);
    const asked = monotonicClock();
    lease.raise({ grantedNanos: 100n, ttlMs: 1_500 }, asked);
    console.log(lease.admit(10n) !== null);
    for await (const _ of process.stdin) console.log(lease.admit(10n) !== null);`;

  it('admits nothing when it goes on after the end of its lease', async () => {
    const { child, line } = run(LEASE);
    expect(await line()).toBe('true');
    child.kill('SIGSTOP');
    await sleep(2_000);
    child.stdin.write('go\n');
    child.kill('SIGCONT');
    expect(await line()).toBe('false');
  }, 20_000);

  it.each([
    ['ahead', DAY_MS],
    ['back', -DAY_MS],
  ])(
    'counts its leases on a clock that nobody sets: a day %s changes nothing',
    async (_, shiftMs) => {
      // The wall clock of the process jumps after its first request.
      const shift = `const now = Date.now; setTimeout(() => { Date.now = () => now() + ${shiftMs}; }, 50)`;
      const preload = ['--import', `data:text/javascript,${encodeURIComponent(shift)}`];
      const { child, line } = run(LEASE.replace('ttlMs: 1_500', 'ttlMs: 60_000'), preload);
      expect(await line()).toBe('true');
      await sleep(200);
      child.stdin.write('go\n');
      expect(await line()).toBe('true');
    },
    20_000,
  );
});
