import { LRUCache } from 'lru-cache';
import type { Clock } from '../credit/clock.js';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const MAX_ADDRESSES = 50_000;

/** A token bucket per address for look-ups of keys that this edge does not know: guessing keys must not become traffic for auth. */
export class MissLimiter {
  private readonly buckets = new LRUCache<string, Bucket>({ max: MAX_ADDRESSES });

  constructor(
    private readonly clock: Clock,
    private readonly limit: { readonly perSecond: number; readonly burst: number },
  ) {}

  /** Takes one look-up; answers 0, or how many milliseconds to wait for the next. */
  take(address: string): number {
    const now = this.clock();
    const bucket = this.buckets.get(address) ?? { tokens: this.limit.burst, filledAtMs: now };
    const refill = ((now - bucket.filledAtMs) / 1000) * this.limit.perSecond;
    bucket.tokens = Math.min(this.limit.burst, bucket.tokens + refill);
    bucket.filledAtMs = now;
    this.buckets.set(address, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / this.limit.perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }
}
