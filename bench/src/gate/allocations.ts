import { once } from 'node:events';
import { WebSocket } from 'undici';

/** One sample in so many bytes: fine enough for a few hundred requests, and coarse enough not to change what they do. */
const SAMPLE_BYTES = 4_096;
const DEADLINE_MS = 30_000;

/** Environment of a process whose allocations are read: it listens for a debugger on loopback. */
export const debuggable = (port: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--inspect=127.0.0.1:${port} --expose-gc`,
});

interface AllocationNode {
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

const bytesOf = ({ selfSize, children }: AllocationNode): number =>
  children.reduce((sum, child) => sum + bytesOf(child), selfSize);

/** A conversation with the debugger of a process. */
class Debugger {
  private asked = 0;

  private constructor(private readonly socket: WebSocket) {}

  static async open(port: number): Promise<Debugger> {
    const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    if (!list[0]) throw new Error(`nothing to debug on port ${port}`);
    const socket = new WebSocket(list[0].webSocketDebuggerUrl);
    await once(socket, 'open', { signal: AbortSignal.timeout(DEADLINE_MS) });
    return new Debugger(socket);
  }

  /** One question at a time: whatever comes next with its number is the answer. */
  async ask<Result>(method: string, params: object = {}): Promise<Result> {
    const id = (this.asked += 1);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const answer = new Promise<Result>((resolve, reject) => {
      const onMessage = ({ data }: { data: string }) => {
        const message = JSON.parse(data) as { id?: number; result: Result; error?: { message: string } };
        if (message.id !== id) return;
        this.socket.removeEventListener('message', onMessage);
        if (message.error) reject(new Error(`${method}: ${message.error.message}`));
        else resolve(message.result);
      };
      this.socket.addEventListener('message', onMessage);
      signal.addEventListener('abort', () => reject(new Error(`${method}: no answer`)));
    });
    this.socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  close(): void {
    this.socket.close();
  }
}

/**
 * Bytes that a process allocates on its JavaScript heap while the work runs, also what was collected meanwhile: an estimate from
 * samples, which does not depend on how fast or how busy the machine is.
 * @param port of its debugger
 */
export const allocatedBytes = (port: number, work: () => Promise<unknown>): Promise<number> =>
  sampledBytes(port, true, work);

/**
 * Bytes of what the work allocates that a collection of the young generation finds alive, or takes for alive because something dead and old still points
 * to it: what makes such collections long. Begins with everything old, as in a process that has run for a day.
 * @param port of its debugger
 */
export const survivingBytes = (port: number, work: () => Promise<unknown>): Promise<number> =>
  sampledBytes(port, false, async (inspector) => {
    await work();
    await inspector.ask('Runtime.evaluate', { expression: "gc({ type: 'minor' })" });
  });

/** @param gone whether what the young generation has let go counts, too */
async function sampledBytes(
  port: number,
  gone: boolean,
  work: (inspector: Debugger) => Promise<unknown>,
): Promise<number> {
  const inspector = await Debugger.open(port);
  try {
    await inspector.ask('HeapProfiler.collectGarbage');
    await inspector.ask('HeapProfiler.startSampling', {
      samplingInterval: SAMPLE_BYTES,
      // What is collected last, with everything else, had survived until then.
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: gone,
    });
    await work(inspector);
    const { profile } = await inspector.ask<{ profile: { head: AllocationNode } }>('HeapProfiler.stopSampling');
    return bytesOf(profile.head);
  } finally {
    inspector.close();
  }
}
