import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findNatsServer } from './nats-binary.js';
import { startNatsServer } from './nats.js';
import { isListening } from './ports.js';

describe('startNatsServer', () => {
  it('finds a server of at least 2.10', async () => {
    const version = execFileSync(await findNatsServer(), ['--version'], { encoding: 'utf8' });
    expect(version).toMatch(/v?2\.1\d\.\d+/);
  }, 180_000);

  it('comes back on the same port after kill -9', async () => {
    const nats = await startNatsServer();
    try {
      const first = nats.pid;
      await nats.kill9();
      await expect(isListening(nats.port)).resolves.toBe(false);
      await nats.start();
      await expect(isListening(nats.port)).resolves.toBe(true);
      expect(nats.pid).not.toBe(first);
    } finally {
      await nats.stop();
    }
    await expect(isListening(nats.port)).resolves.toBe(false);
  }, 60_000);
});

describe('the disk of the broker', () => {
  it('can be lost while it is down, and can be made small', async () => {
    const nats = await startNatsServer();
    try {
      await nats.kill9();
      mkdirSync(path.join(nats.storeDirectory, 'jetstream/$G'), { recursive: true });
      nats.wipe();
      expect(existsSync(path.join(nats.storeDirectory, 'jetstream'))).toBe(false);
      await nats.start({ maxFile: '64KB' });
      expect(() => nats.wipe()).toThrow('must be down');
      expect(readFileSync(path.join(nats.storeDirectory, '../nats-server.conf'), 'utf8')).toContain('max_file: 64KB');
    } finally {
      await nats.stop();
    }
  }, 60_000);
});
