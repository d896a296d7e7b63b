import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import { KeyChange, KEYS_BUCKET } from '@switchyard/contracts';
import { OutboxRelay } from '@switchyard/database';
import { z } from 'zod';
import { ChangesRepository } from './changes.repository.js';

const BATCH = 200;

/**
 * Tells the edges which keys changed, so that they drop what they had cached. Two replicas may tell the same change twice or
 * two changes of a key in the wrong order; an edge asks again after either, so both are harmless.
 */
@Injectable()
export class KeyChangeRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly relay: OutboxRelay;

  constructor(
    private readonly changes: ChangesRepository,
    private readonly buckets: KvBuckets,
  ) {
    this.relay = new OutboxRelay({ name: 'key changes', drain: () => this.drain() });
  }

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.relay.stop();
  }

  wake(): void {
    this.relay.wake();
  }

  private async drain(): Promise<number> {
    const changes = await this.changes.pending(BATCH);
    for (const { digest, keyId, version } of changes)
      await this.buckets.put(KEYS_BUCKET, digest, JSON.stringify(z.encode(KeyChange, { keyId, version })));
    if (changes.length > 0) await this.changes.forget(changes);
    return changes.length;
  }
}
