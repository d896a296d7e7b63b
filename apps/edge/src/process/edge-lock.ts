import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const EPOCH = /^[0-9a-f-]{36}$/;
const KNOCK_MS = 1_000;

/**
 * Says who held the name of an edge before on this machine, and that it is dead. A life that is killed cannot say so itself; the
 * lock is a listening socket, which the kernel takes from the dead and from nobody else.
 */
export class EdgeLock {
  private server: Server | null = null;
  private readonly socketFile: string;
  private readonly epochFile: string;

  constructor(directory: string, edgeId: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.socketFile = path.join(directory, `${edgeId}.sock`);
    this.epochFile = path.join(directory, `${edgeId}.epoch`);
  }

  /**
   * Takes the name for this life. Answers the epoch of a dead predecessor, null when there is none.
   * @throws Error when another process holds the name, or the folder cannot be used.
   */
  async take(edgeEpoch: string): Promise<string | null> {
    if (!(await this.listen())) {
      if (await this.isHeld()) throw new Error('another process holds the name of this edge');
      rmSync(this.socketFile, { force: true });
      if (!(await this.listen())) throw new Error('another process took the name of this edge at the same time');
    }
    const predecessor = this.read();
    writeFileSync(`${this.epochFile}.new`, edgeEpoch, { mode: 0o600 });
    renameSync(`${this.epochFile}.new`, this.epochFile);
    return predecessor;
  }

  /** Ends an orderly life: it has nothing that would have to be taken from it. */
  release(): void {
    if (!this.server) return;
    rmSync(this.epochFile, { force: true });
    this.server.close();
    this.server = null;
  }

  private listen(): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(this.socketFile, () => {
      this.server = server.unref();
      resolve(true);
    });
    return promise;
  }

  /** A stopped process counts as alive: its socket still takes connections. */
  private isHeld(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect(this.socketFile);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    void sleep(KNOCK_MS, undefined, { ref: false }).then(() => resolve(true));
    return promise.finally(() => socket.destroy());
  }

  private read(): string | null {
    try {
      const epoch = readFileSync(this.epochFile, 'utf8').trim();
      return EPOCH.test(epoch) ? epoch : null;
    } catch {
      return null;
    }
  }
}
