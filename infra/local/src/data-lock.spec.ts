import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LOCK_FILE, lockDataDirectory } from './data-lock.js';
import { UsageError } from './options.js';
import { startStack } from './stack.js';

describe('the lock of a data directory', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'switchyard-lock-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const lock = () => path.join(folder, LOCK_FILE);

  it('is refused to a second runner in one line, and free again afterwards', () => {
    const unlock = lockDataDirectory(folder);
    expect(() => lockDataDirectory(folder)).toThrow(UsageError);
    expect(() => lockDataDirectory(folder)).toThrow(
      new RegExp(`^the data in ${folder} is in use by a running Switchyard \\(process ${process.pid}\\)\\. .*$`),
    );
    unlock();
    lockDataDirectory(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that was killed, also when its number lives on in another', async () => {
    const killed = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const { pid } = killed;
    const exited = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await exited;
    for (const left of [`${pid} Mon Jan  1 00:00:00 2024\n`, `${process.pid} Mon Jan  1 00:00:00 2024\n`, '', 'junk']) {
      writeFileSync(lock(), left);
      const unlock = lockDataDirectory(folder);
      expect(readFileSync(lock(), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
      unlock();
    }
  });

  it('says so when the folder is none', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(() => lockDataDirectory(file)).toThrow(/cannot be used as the data folder \(EEXIST\)/);
    expect(() => lockDataDirectory(path.join(file, 'below'))).toThrow(UsageError);
  });

  it('keeps a second start from touching anything, and `fresh` from deleting', async () => {
    const unlock = lockDataDirectory(folder);
    writeFileSync(path.join(folder, 'secrets.json'), '{}');
    const options = {
      root: path.resolve(import.meta.dirname, '../../..'),
      dataDirectory: folder,
      port: 0,
      workers: 1,
      fresh: true,
      environment: {},
      progress: () => undefined,
    };
    await expect(startStack(options)).rejects.toThrow(/is in use by a running Switchyard/);
    expect(existsSync(path.join(folder, 'secrets.json'))).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual([LOCK_FILE, 'secrets.json']);
    unlock();
  });
});
