import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CatalogueEndpoint, UpstreamFailure } from '@switchyard/contracts';
import { WORKER_CONFIG } from '../config.js';
import type { WorkerConfig } from '../config.js';
import { mayServe } from './upstream-key.js';
import type { UpstreamKey } from './upstream-key.js';

/** A limit without a word of how long it lasts. */
export const USUAL_REST_MS = 10_000;
/** A key that was refused, or whose account is empty: somebody has to do something about it. */
export const REFUSED_REST_MS = 300_000;
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 300_000;

type Target = Pick<CatalogueEndpoint, 'modelId' | 'upstreamModel' | 'tag'>;

/** The keys of this worker's provider, with those that rest because the provider said so. Of this process alone. */
@Injectable()
export class KeyRing {
  private readonly logger = new Logger(KeyRing.name);
  private readonly restUntilMs = new Map<UpstreamKey, number>();
  private readonly providerName: string;
  readonly keys: readonly UpstreamKey[];

  constructor(@Inject(WORKER_CONFIG) { keys, provider }: Pick<WorkerConfig, 'keys' | 'provider'>) {
    this.keys = keys;
    this.providerName = provider.name;
  }

  /**
   * The keys to try for an endpoint, in order: those that may be used for it and do not rest, fallback keys last. When all of them rest
   * the one that is soonest ready, because a provider that is asked can only say no again. Empty when no key is for this endpoint.
   */
  inOrder(target: Target, nowMs: number = performance.now()): readonly UpstreamKey[] {
    const [only, ...more] = this.keys;
    if (only && more.length === 0) return mayServe(only, target) ? this.keys : [];
    const usable = this.keys.filter((key) => mayServe(key, target));
    const rested = usable.filter((key) => this.readyAtMs(key) <= nowMs);
    if (rested.length > 0)
      return [...rested.filter(({ fallback }) => !fallback), ...rested.filter(({ fallback }) => fallback)];
    return usable.toSorted((one, other) => this.readyAtMs(one) - this.readyAtMs(other)).slice(0, 1);
  }

  /** Lets a key rest that the provider limits or refuses. False for a failure that another key would meet as well. */
  rest(key: UpstreamKey, { code, retryAfterMs }: UpstreamFailure, nowMs: number = performance.now()): boolean {
    if (code !== 'upstream_rate_limited' && code !== 'upstream_auth') return false;
    const usualMs = code === 'upstream_auth' ? REFUSED_REST_MS : USUAL_REST_MS;
    const restMs = Math.min(Math.max(retryAfterMs ?? usualMs, MIN_REST_MS), MAX_REST_MS);
    const untilMs = nowMs + restMs;
    if (this.keys.length > 1 && this.readyAtMs(key) <= nowMs)
      this.logger.warn(
        `the key "${key.name}" of ${this.providerName} rests for ${Math.ceil(restMs / 1000)} s: ${code}`,
      );
    this.restUntilMs.set(key, Math.max(untilMs, this.readyAtMs(key)));
    return true;
  }

  private readyAtMs(key: UpstreamKey): number {
    return this.restUntilMs.get(key) ?? 0;
  }
}
