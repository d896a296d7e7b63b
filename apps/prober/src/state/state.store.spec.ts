import { setImmediate as settled } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TrackedEndpoint } from '../fleet/tracked-endpoint.js';
import { anOutcome } from '../testing/builders.js';
import { SAVE_EVERY_MS, StateStore } from './state.store.js';

const NOW_MS = 1_800_000_000_000;

/** A bucket that answers when the test says so. */
class SlowBuckets {
  readonly log: string[] = [];
  private waiting: { readonly resolve: (revision: number) => void; readonly reject: (error: Error) => void }[] = [];

  put(bucket: string, key: string): Promise<number> {
    this.log.push(`put ${bucket}/${key}`);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  delete(_bucket: string, key: string): Promise<void> {
    this.log.push(`delete ${key}`);
    return Promise.resolve();
  }

  entries(): Promise<ReadonlyMap<string, Uint8Array>> {
    return Promise.resolve(new Map());
  }

  answer(error?: Error): void {
    for (const { resolve, reject } of this.waiting.splice(0))
      if (error) reject(error);
      else resolve(1);
  }
}

describe('what a prober stores', () => {
  let buckets: SlowBuckets;
  let store: StateStore;
  const changed = (): TrackedEndpoint => {
    const endpoint = new TrackedEndpoint('a:acme/large', 'acme/large');
    endpoint.record(anOutcome(), NOW_MS);
    return endpoint;
  };

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    buckets = new SlowBuckets();
    store = new StateStore(buckets);
    store.touch(changed());
    store.tick(NOW_MS);
  });

  it('is tried again when it did not get out', async () => {
    expect(buckets.log).toHaveLength(2);
    buckets.answer(new Error('no broker'));
    await settled();
    store.tick(NOW_MS + SAVE_EVERY_MS);
    expect(buckets.log).toHaveLength(3);
  });

  it('is not tried again once another prober stores, which knows more by then', async () => {
    store.forget();
    buckets.answer(new Error('no broker'));
    await settled();
    store.tick(NOW_MS + SAVE_EVERY_MS);
    expect(buckets.log).toHaveLength(2);
  });

  it('is removed after what is on its way, and not stored again', async () => {
    store.remove('a:acme/large');
    expect(buckets.log.every((line) => line.startsWith('put'))).toBe(true);
    buckets.answer(new Error('no broker'));
    await settled();
    store.tick(NOW_MS + SAVE_EVERY_MS);
    const [one, other, ...removals] = buckets.log;
    expect([one, other].every((line) => line?.startsWith('put'))).toBe(true);
    expect(removals.length).toBeGreaterThan(0);
    expect(removals.every((line) => line.startsWith('delete'))).toBe(true);
  });
});
