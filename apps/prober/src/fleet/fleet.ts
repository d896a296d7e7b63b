import type { AttemptOutcome, EndpointHealth } from '@switchyard/contracts';
import { mostEjected } from '../ejection/limits.js';
import type { EjectionTimes } from '../ejection/limits.js';
import { outliersOf } from '../ejection/outliers.js';
import { TrackedEndpoint } from './tracked-endpoint.js';
import type { Remembered } from './tracked-endpoint.js';

/** How often endpoints of a model are compared with each other. */
export const COMPARE_EVERY_MS = 10_000;
/** More endpoints than any catalogue has: beyond it new ones are not tracked. */
export const MAX_TRACKED = 50_000;

/**
 * All endpoints that were used, by model. Pure: times come in, changes of state go out. `endpointsOf` says how many endpoints
 * a model has, used or not, because the unused ones are what a fallback goes to.
 */
export class Fleet {
  private readonly endpoints = new Map<string, TrackedEndpoint>();
  private readonly models = new Map<string, Set<TrackedEndpoint>>();
  private comparedAtMs = 0;

  constructor(
    private readonly endpointsOf: (modelId: string) => number,
    private readonly times?: EjectionTimes,
  ) {}

  get size(): number {
    return this.endpoints.size;
  }

  /** Takes in how an attempt went; answers whether the endpoint's state changed. */
  observe(outcome: AttemptOutcome, nowMs: number): boolean {
    const endpoint = this.track(outcome.endpointId, outcome.modelId);
    if (!endpoint) return false;
    const before = endpoint.ejection.state;
    endpoint.record(outcome, nowMs);
    if (endpoint.ejection.hasFailedTooOften) this.ejectIfAllowed(endpoint, nowMs);
    return endpoint.ejection.state !== before;
  }

  /** Lets time pass; answers the endpoints whose state changed. */
  tick(nowMs: number): readonly string[] {
    const opened = [...this.endpoints.values()].filter(({ ejection }) => ejection.tick(nowMs));
    return [...opened.map(({ endpointId }) => endpointId), ...this.compare(nowMs)];
  }

  /** Null for an endpoint that was never used. */
  read(endpointId: string, nowMs: number): EndpointHealth | null {
    return this.endpoints.get(endpointId)?.read(nowMs) ?? null;
  }

  get(endpointId: string): TrackedEndpoint | null {
    return this.endpoints.get(endpointId) ?? null;
  }

  all(): IterableIterator<TrackedEndpoint> {
    return this.endpoints.values();
  }

  /** Goes on from what an earlier process left. */
  restore(endpointId: string, modelId: string, remembered: Remembered, nowMs: number): void {
    this.track(endpointId, modelId)?.restore(remembered, nowMs);
  }

  remove(endpointId: string): void {
    const endpoint = this.endpoints.get(endpointId);
    if (!endpoint) return;
    this.endpoints.delete(endpointId);
    const siblings = this.models.get(endpoint.modelId);
    siblings?.delete(endpoint);
    if (siblings?.size === 0) this.models.delete(endpoint.modelId);
  }

  clear(): void {
    this.endpoints.clear();
    this.models.clear();
  }

  endpointIds(): readonly string[] {
    return [...this.endpoints.keys()];
  }

  private track(endpointId: string, modelId: string): TrackedEndpoint | null {
    const known = this.endpoints.get(endpointId);
    if (known) return known;
    if (this.endpoints.size >= MAX_TRACKED) return null;
    const endpoint = new TrackedEndpoint(endpointId, modelId, this.times);
    this.endpoints.set(endpointId, endpoint);
    this.models.set(modelId, (this.models.get(modelId) ?? new Set()).add(endpoint));
    return endpoint;
  }

  private compare(nowMs: number): readonly string[] {
    if (nowMs - this.comparedAtMs < COMPARE_EVERY_MS) return [];
    this.comparedAtMs = nowMs;
    const ejected: string[] = [];
    for (const siblings of this.models.values()) {
      const counts = [...siblings].map((endpoint) => endpoint.successCount(nowMs));
      for (const endpointId of outliersOf(counts)) {
        const endpoint = this.endpoints.get(endpointId);
        if (endpoint && this.ejectIfAllowed(endpoint, nowMs)) ejected.push(endpointId);
      }
    }
    return ejected;
  }

  private ejectIfAllowed(endpoint: TrackedEndpoint, nowMs: number): boolean {
    const siblings = [...(this.models.get(endpoint.modelId) ?? [])];
    const out = siblings.filter(({ ejection }) => ejection.state !== 'healthy').length;
    const all = Math.max(siblings.length, this.endpointsOf(endpoint.modelId));
    if (endpoint.ejection.state !== 'healthy' || out >= mostEjected(all)) return false;
    endpoint.eject(nowMs);
    return true;
  }
}
