import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { TouchKeys } from '@switchyard/contracts';

const FLUSH_MS = 30_000;
const BATCH = 1_000;
const MAX_WAITING = 100_000;

/** Collects when keys were used and tells auth in batches: a fact for people, so a lost batch is only a log line. */
@Injectable()
export class KeyUses implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(KeyUses.name);
  private readonly usedAt = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly rpc: RpcClient) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  note(keyId: string): void {
    if (this.usedAt.size < MAX_WAITING || this.usedAt.has(keyId)) this.usedAt.set(keyId, Date.now());
  }

  async flush(): Promise<void> {
    const uses = [...this.usedAt].map(([keyId, usedAtMs]) => ({ keyId, usedAt: new Date(usedAtMs).toISOString() }));
    this.usedAt.clear();
    for (let start = 0; start < uses.length; start += BATCH) {
      try {
        await this.rpc.call(TouchKeys, { uses: uses.slice(start, start + BATCH) });
      } catch (error) {
        this.logger.warn(
          `auth was not told of ${uses.length - start} uses: ${error instanceof Error ? error.message : ''}`,
        );
        return;
      }
    }
  }
}
