import { execFileSync } from 'node:child_process';
import { accessSync, constants, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './options.js';

export const LOCK_FILE = 'runner.lock';
/** Somebody else may take a lock away and come to nothing; more tries than this are not chance. */
const MAX_TRIES = 5;

/** When a process was started, as the system tells it; empty when there is none. Tells processes with the same number apart. */
function startOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** What a lock says: the number of its process, a space, its start. */
function holderOf(lock: string): number | null {
  const [, pid = '', start = ''] = /^(\d+) (.+)$/.exec(lock.trim()) ?? [];
  return pid !== '' && startOf(Number(pid)) === start ? Number(pid) : null;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** Puts the lock in place, whole. Answers whether it was free. */
function place(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Takes away the lock of a process that is gone, unless a third one has put its own there meanwhile. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside) !== stale) place(aside, file);
  rmSync(aside, { force: true });
}

/**
 * Keeps a data directory for this process. A second runner would end the first one's servers as orphans and write into the same
 * database. The lock of a process that was killed is taken over.
 * @returns what gives the directory back
 * @throws UsageError when a running process has it
 */
export function lockDataDirectory(dataDirectory: string): () => void {
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    accessSync(dataDirectory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${dataDirectory} cannot be used as the data folder (${code}).`, { cause: error });
  }
  const file = path.join(dataDirectory, LOCK_FILE);
  const own = `${file}.${process.pid}`;
  const content = `${process.pid} ${startOf(process.pid)}\n`;
  writeFileSync(own, content, { mode: 0o600 });
  try {
    for (let tries = 0; tries < MAX_TRIES && !place(own, file); tries += 1) {
      const lock = read(file);
      const holder = holderOf(lock);
      if (holder !== null) throw inUse(dataDirectory, `process ${holder}`);
      takeAway(file, lock);
    }
    if (read(file) !== content) throw inUse(dataDirectory, 'another process');
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (read(file) === content) rmSync(file, { force: true });
  };
}

const inUse = (dataDirectory: string, holder: string): UsageError =>
  new UsageError(
    `the data in ${dataDirectory} is in use by a running Switchyard (${holder}). Stop it, or choose another folder with --data DIR.`,
  );
