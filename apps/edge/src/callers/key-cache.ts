import { GatewayError } from '@switchyard/contracts';
import type { ReplyOf, ResolveKey } from '@switchyard/contracts';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../credit/clock.js';

export type Resolution = ReplyOf<typeof ResolveKey>;

interface CachedKey {
  readonly resolution: Resolution;
  readonly resolvedAtMs: number;
  /** Set after a reconnect: changes may have been missed, so the entry is asked for again before it counts as fresh. */
  readonly generation: number;
}

export const MAX_CACHED_KEYS = 100_000;
/** Changes are pushed; this is the backstop for a push that got lost. */
export const FRESH_MS = 30_000;
/** How long a known key may go on while auth cannot be asked. */
export const USABLE_MS = 15 * 60_000;

export interface CachedAnswer {
  readonly resolution: Resolution;
  readonly fresh: boolean;
}

/** What this edge knows of keys, by digest. Holds refusals too, so that a wrong key is asked for once in {@link FRESH_MS}. */
export class KeyCache {
  private readonly keys = new LRUCache<string, CachedKey>({ max: MAX_CACHED_KEYS });
  private generation = 0;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.keys.size;
  }

  find(digest: string): CachedAnswer | null {
    const cached = this.keys.get(digest);
    const ageMs = cached ? this.clock() - cached.resolvedAtMs : 0;
    if (!cached || ageMs > USABLE_MS) return null;
    const fresh = cached.generation === this.generation && ageMs < FRESH_MS;
    return { resolution: cached.resolution, fresh };
  }

  put(digest: string, resolution: Resolution): void {
    this.keys.set(digest, { resolution, resolvedAtMs: this.clock(), generation: this.generation });
  }

  evict(digest: string): void {
    this.keys.delete(digest);
  }

  /** Nothing counts as fresh any more; what is known stays for the case that nobody can be asked. */
  distrustAll(): void {
    this.generation += 1;
  }
}

const REFUSALS = {
  disabled: 'disabled_key',
  expired: 'expired_key',
  revoked: 'revoked_key',
  unknown: 'unknown_key',
} as const;

/**
 * The key of a resolution. The expiry is checked here as well, because the answer may have been cached.
 * @throws GatewayError with the code of the refusal.
 */
export function activeKey(resolution: Resolution, nowMs: number): Extract<Resolution, { status: 'active' }>['key'] {
  if (resolution.status !== 'active') throw new GatewayError(REFUSALS[resolution.status]);
  const { key } = resolution;
  if (key.expiresAt !== null && Date.parse(key.expiresAt) <= nowMs) throw new GatewayError('expired_key');
  return key;
}
