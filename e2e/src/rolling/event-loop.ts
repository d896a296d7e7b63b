import { once } from 'node:events';
import { WebSocket } from 'undici';

const DEADLINE_MS = 30_000;

/** Environment of a process whose event loop a test will block: it listens for a debugger on loopback. */
export const debuggable = (port: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--inspect=127.0.0.1:${port}`,
});

/**
 * Makes the process behind a debugger's port compute for so long that it does nothing else, as a huge body or a bad regular
 * expression would. Resolves when it is over.
 */
export async function blockEventLoop(port: number, ms: number): Promise<void> {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await list.json()) as { webSocketDebuggerUrl: string }[];
  if (!target) throw new Error(`nothing to debug on port ${port}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  const signal = AbortSignal.timeout(ms + DEADLINE_MS);
  try {
    await once(socket, 'open', { signal });
    const expression = `const blockedUntil = Date.now() + ${ms}; while (Date.now() < blockedUntil);`;
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: `{ ${expression} }` } }));
    await once(socket, 'message', { signal });
  } finally {
    socket.close();
  }
}
