import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.js';

const PROCESSES = 4;
const PORTS = 100;

/** What another process is given. It runs what was built, as other processes do. */
const portsOfAnotherProcess = (): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const module = JSON.stringify(fileURLToPath(new URL('../../dist/servers/ports.js', import.meta.url)));
    const code = `import(${module}).then(async ({ freePort }) => {
      const ports = [];
      for (let count = 0; count < ${PORTS}; count += 1) ports.push(await freePort());
      process.send(ports);
      process.disconnect();
    })`;
    const child = spawn(process.execPath, ['--eval', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.once('message', (ports) => resolve(ports as number[]));
    child.once('error', reject);
    child.once('exit', (exitCode) => reject(new Error(`exit ${exitCode}`)));
  });

describe('a free port', () => {
  it('is given to one process only, also when nobody listens on it yet', async () => {
    const all = (await Promise.all(Array.from({ length: PROCESSES }, portsOfAnotherProcess))).flat();
    expect(all).toHaveLength(PROCESSES * PORTS);
    expect(new Set(all).size).toBe(all.length);
  });

  it('is one that a server can listen on, and below those of outgoing connections', async () => {
    const port = await freePort();
    expect(port).toBeLessThan(32_768);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });
});
