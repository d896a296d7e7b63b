import { Inject, Injectable, Optional } from '@nestjs/common';
import { ERRORS } from '@switchyard/contracts';
import type { AttemptOutcome, EndpointHealth, ErrorCode } from '@switchyard/contracts';
import { EJECTION_TIMES, EJECTION_TIMES_TOKEN } from './ejection-times.js';
import type { EjectionTimes } from './ejection-times.js';
import { UNKNOWN_CONDITION } from './endpoint-condition.js';
import type { EndpointCondition, HealthView } from './endpoint-condition.js';
import { EndpointRecord } from './endpoint-record.js';

/** Where the store reads the time: the monotonic clock of the process, or a test's. */
export class MonotonicClock {
  nowMs(): number {
    return performance.now();
  }
}

/** Health of endpoints as this edge knows it. */
@Injectable()
export class HealthStore implements HealthView {
  private readonly records = new Map<string, EndpointRecord>();

  constructor(
    private readonly clock: MonotonicClock,
    @Optional() @Inject(EJECTION_TIMES_TOKEN) private readonly times: EjectionTimes = EJECTION_TIMES,
  ) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  /**
   * Tells how an attempt on an endpoint of the catalogue went. `retryAfterMs` is what the provider asked for: the endpoint
   * goes to the back for that long. `code` is how it failed. `client_error` and `cancelled` say nothing about the endpoint.
   */
  observe(
    endpointId: string,
    outcome: AttemptOutcome['outcome'],
    { retryAfterMs = 0, code }: { readonly retryAfterMs?: number; readonly code?: ErrorCode } = {},
  ): void {
    const slow = code !== undefined && ERRORS[code].type === 'timeout';
    this.recordOf(endpointId).observe(outcome, this.nowMs(), { retryAfterMs, slow });
  }

  /** Marks the one request that may try an endpoint that is half open; nothing happens for others. */
  claimTrial(endpointId: string, nowMs: number): void {
    this.records.get(endpointId)?.claimTrial(nowMs);
  }

  /** Takes over the prober's verdict; `ageMs` is how old it was when it came. */
  report(health: EndpointHealth, ageMs = 0): void {
    this.recordOf(health.endpointId).report(health, this.nowMs(), ageMs);
  }

  /** Forgets the prober's verdict, not what this edge saw itself. */
  forgetReport(endpointId: string): void {
    this.records.get(endpointId)?.forgetReport();
  }

  conditionOf(endpointId: string, nowMs: number): EndpointCondition {
    return this.records.get(endpointId)?.conditionAt(nowMs) ?? UNKNOWN_CONDITION;
  }

  /** The prober's last verdict, for the public API; null when it has none. */
  healthOf(endpointId: string): EndpointHealth | null {
    return this.records.get(endpointId)?.health ?? null;
  }

  private recordOf(endpointId: string): EndpointRecord {
    let record = this.records.get(endpointId);
    if (!record) this.records.set(endpointId, (record = new EndpointRecord(this.times)));
    return record;
  }
}
