import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Below the ports that operating systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere): one of those could be
 * taken by any connection between here and the start of the server, or while the server is restarted.
 */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;
/** As long may a server take to listen on the port that was found for it. */
const RESERVED_MS = 120_000;
const MAX_TRIES = 500;

/**
 * A TCP port on loopback that nobody listens on, and that no other process which asks here is given in the next two minutes: systems
 * that start side by side look for dozens of ports long before they listen on them.
 * @throws Error when none is found
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (reserve(port) && (await canListen(port))) return port;
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT}`);
}

/** Puts a file in the way of the others. Where that is not possible (the folder is another user's) chance has to do. */
function reserve(port: number): boolean {
  const directory = path.join(tmpdir(), 'switchyard-ports');
  const file = path.join(directory, String(port));
  try {
    mkdirSync(directory, { recursive: true });
    const known = statSync(file, { throwIfNoEntry: false });
    if (known && Date.now() - known.mtimeMs < RESERVED_MS) return false;
    rmSync(file, { force: true });
    closeSync(openSync(file, 'wx'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether something accepts TCP connections on the loopback port. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1_000 });
    const finish = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}

/** Polls until `condition` holds. @throws Error naming `what` when `timeoutMs` is over. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { what, timeoutMs = 20_000, intervalMs = 20 }: { what: string; timeoutMs?: number; intervalMs?: number },
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
