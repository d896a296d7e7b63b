import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { JetStreamPublisher, RpcClient } from '@switchyard/bus';
import { describeError } from '@switchyard/chassis';
import { FenceEdge } from '@switchyard/contracts';
import { EdgeConfig } from '../config.js';
import { SecondWitness } from '../credit/second-witness.service.js';
import { UsageJournal } from '../credit/usage-journal.js';
import type { Legacy } from '../credit/usage-journal.js';
import { EdgeLock } from './edge-lock.js';
import { EdgeProcess } from './edge-process.js';

/** The ledger may start at the same time. */
const TRIES = 10;
const PAUSE_MS = 1_000;
/** Messages of an earlier life that are published at a time, and how long each is tried. */
const BATCH = 256;
const PATIENCE_MS = 60_000;

/**
 * Speaks for the life of this edge before it: tells the ledger that it is over, so that the money which that had borrowed is free in
 * seconds and not when its leases have run out, and publishes what usage it had not seen booked. Only where the edge has a folder of
 * its own; elsewhere the leases run out.
 */
@Injectable()
export class Succession implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('succession');
  private readonly stop = new AbortController();
  private lock: EdgeLock | null = null;

  constructor(
    private readonly rpc: RpcClient,
    private readonly publisher: JetStreamPublisher,
    private readonly witness: SecondWitness,
    private readonly edge: EdgeProcess,
    private readonly config: EdgeConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { EDGE_STATE_DIR } = this.config;
    if (EDGE_STATE_DIR === undefined) return;
    // Nobody waits for it: an edge that cannot tell serves all the same.
    void this.succeed(EDGE_STATE_DIR).catch((error: unknown) =>
      this.logger.warn(`what an earlier life left is not settled: ${describeError(error)}`),
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
    const journal = new UsageJournal(directory, edgeId, this.edge.edgeEpoch);
    this.witness.keep(journal);
    await Promise.all([edgeEpoch === null ? null : this.fence(edgeEpoch), this.inherit(await journal.legacies())]);
  }

  /** Repeats hurt nobody: a generation is booked once. */
  private async inherit(legacies: readonly Legacy[]): Promise<void> {
    for (const { messages, forget } of legacies) {
      for (let at = 0; at < messages.length; at += BATCH) {
        const batch = messages.slice(at, at + BATCH);
        await Promise.all(
          batch.map(({ subject, bytes, messageId }) =>
            this.publisher.publishBundled(subject, bytes, { messageId, timeoutMs: PATIENCE_MS }),
          ),
        );
      }
      await forget();
      this.logger.log(`${messages.length} usage events of an earlier life are published`);
    }
  }

  private async fence(edgeEpoch: string): Promise<void> {
    const { edgeId } = this.edge;
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
