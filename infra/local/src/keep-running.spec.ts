import { once } from 'node:events';
import { createServer } from 'node:net';
import { isListening, startNatsServer, waitUntil } from '@switchyard/testing';
import { keepRunning } from './keep-running.js';

describe('a server that is kept running', () => {
  it('is started again after a crash, also when the first tries fail', async () => {
    const nats = await startNatsServer();
    const state = { stopping: false };
    const lines: string[] = [];
    const squatter = createServer();
    let starts = 0;
    const kept = keepRunning({
      name: 'nats-server',
      current: () => nats.process,
      async again() {
        starts += 1;
        // Somebody else has the port for a while.
        if (starts === 1) await once(squatter.listen(nats.port, '127.0.0.1'), 'listening');
        if (starts === 2) throw new Error('no room on the disk');
        if (starts === 3) await new Promise((resolve) => squatter.close(resolve));
        await nats.start();
      },
      state,
      note: (line) => lines.push(line),
    });
    await nats.kill9();
    await waitUntil(() => starts >= 3 && nats.process.running, { what: 'it runs again', timeoutMs: 30_000 });
    expect(lines).toContain('nats-server could not be started again: no room on the disk');
    expect(await isListening(nats.port)).toBe(true);

    await nats.kill9();
    await waitUntil(() => starts === 4 && nats.process.running, { what: 'it runs again', timeoutMs: 20_000 });
    state.stopping = true;
    await nats.stop();
    await kept;
    expect(starts).toBe(4);
  }, 60_000);
});
