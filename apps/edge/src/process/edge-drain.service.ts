import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Drain } from '@switchyard/chassis';
import { KeyUses } from '../callers/key-uses.service.js';
import { EdgeConfig } from '../config.js';
import { CreditKeeper } from '../credit/credit-keeper.service.js';
import { LoadService } from './load.service.js';
import { Outbox } from './outbox.service.js';

const POLL_MS = 50;
const FLUSH_MS = 10_000;
/** For connections on which nothing is asked or answered any more. */
const CONNECTIONS_MS = 2_000;

/** How an edge ends without cutting a stream: look unready, close the door, let streams finish, return leases, publish usage. */
@Injectable()
export class EdgeDrain implements OnModuleInit {
  constructor(
    private readonly drain: Drain,
    private readonly host: HttpAdapterHost,
    private readonly load: LoadService,
    private readonly keeper: CreditKeeper,
    private readonly uses: KeyUses,
    private readonly outbox: Outbox,
    private readonly config: EdgeConfig,
  ) {}

  onModuleInit(): void {
    this.drain.register('close the door', 10, () => this.closeDoor());
    this.drain.register('running streams', 20, () => this.streamsEnd());
    this.drain.register('leases and usage', 30, () => this.keeper.close());
    this.drain.register('uses of keys', 30, () => this.uses.flush());
    this.drain.register('outbox', 40, () => this.outbox.flush(FLUSH_MS));
    this.drain.register('connections', 50, () => this.connectionsEnd());
  }

  /** Readiness is off already; load balancers need a moment to see it. */
  private async closeDoor(): Promise<void> {
    await sleep(this.config.SHUTDOWN_DELAY_MS);
    this.server.close();
    this.server.closeIdleConnections();
  }

  /** What has been answered is flushed first; a connection that never asked anything counts as busy and is cut. */
  private async connectionsEnd(): Promise<void> {
    const deadlineMs = performance.now() + CONNECTIONS_MS;
    while ((await this.openConnections()) > 0 && performance.now() < deadlineMs) {
      this.server.closeIdleConnections();
      await sleep(POLL_MS);
    }
    this.server.closeAllConnections();
  }

  private async openConnections(): Promise<number> {
    return promisify(this.server.getConnections.bind(this.server))();
  }

  private get server(): Server {
    return this.host.httpAdapter.getHttpServer();
  }

  private async streamsEnd(): Promise<void> {
    const deadlineMs = performance.now() + this.config.SHUTDOWN_TIMEOUT_MS;
    while (this.load.runningGenerations > 0 && performance.now() < deadlineMs) await sleep(POLL_MS);
  }
}
