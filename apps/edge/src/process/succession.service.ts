import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { describeError } from '@switchyard/chassis';
import { FenceEdge } from '@switchyard/contracts';
import { EdgeConfig } from '../config.js';
import { EdgeLock } from './edge-lock.js';
import { EdgeProcess } from './edge-process.js';

/** The ledger may start at the same time. */
const TRIES = 10;
const PAUSE_MS = 1_000;

/**
 * Tells the ledger that the life of this edge before it is over, so that the money which that had borrowed is free in seconds and
 * not when its leases have run out. Only where the edge has a folder of its own; elsewhere the leases run out.
 */
@Injectable()
export class Succession implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('succession');
  private readonly stop = new AbortController();
  private lock: EdgeLock | null = null;

  constructor(
    private readonly rpc: RpcClient,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { EDGE_STATE_DIR } = this.config;
    if (EDGE_STATE_DIR === undefined) return;
    // Nobody waits for it: an edge that cannot tell serves all the same.
    void this.succeed(EDGE_STATE_DIR).catch((error: unknown) =>
      this.logger.warn(`leases of an earlier life run out by themselves: ${describeError(error)}`),
    );
  }

  onApplicationShutdown(): void {
    this.stop.abort();
    this.lock?.release();
  }

  private async succeed(directory: string): Promise<void> {
    const { edgeId } = this.edge;
    const lock = new EdgeLock(directory, edgeId);
    const edgeEpoch = await lock.take(this.edge.edgeEpoch);
    this.lock = lock;
    if (edgeEpoch === null) return;
    for (let left = TRIES; ; left -= 1) {
      try {
        const { fencedLeases } = await this.rpc.call(FenceEdge, { edgeId, edgeEpoch });
        this.logger.log(`the life before this one is over; ${fencedLeases} leases of it are closed soon`);
        return;
      } catch (error) {
        if (left <= 1) throw error;
        await sleep(PAUSE_MS, undefined, { signal: this.stop.signal, ref: false });
      }
    }
  }
}
