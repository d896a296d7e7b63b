import type { AttemptOutcome, EndpointHealth } from '@switchyard/contracts';
import type { ConditionState, EndpointCondition } from './endpoint-condition.js';
import { EJECTION_TIMES } from './ejection-times.js';
import type { EjectionTimes } from './ejection-times.js';
import { FastEjection, TRIAL_TIMEOUT_MS } from './fast-ejection.js';
import { OutageWindow } from './outage-window.js';
import { reportedHealthOf } from './reported-health.js';
import type { ReportedHealth } from './reported-health.js';

/** The longest `Retry-After` of a provider that we believe. */
export const MAX_COOL_DOWN_MS = 60_000;

/** What a failure says beyond that it was one. */
export interface FailureFacts {
  /** What the provider asked for; 0 when it did not. */
  readonly retryAfterMs: number;
  /** The client was kept waiting for it, up to a deadline. */
  readonly slow: boolean;
}

/** Everything this edge knows of one endpoint: what it saw itself, and what the prober says. All times monotonic. */
export class EndpointRecord {
  private window = new OutageWindow();
  private readonly ejection: FastEjection;
  private reported: ReportedHealth | null = null;
  private coolUntilMs = 0;
  private trialUntilMs = 0;

  constructor(private readonly times: EjectionTimes = EJECTION_TIMES) {
    this.ejection = new FastEjection(times);
  }

  get health(): EndpointHealth | null {
    return this.reported?.health ?? null;
  }

  report(health: EndpointHealth, nowMs: number, ageMs: number): void {
    const before = this.reported?.health.restoredAtMs;
    this.reported = reportedHealthOf(health, nowMs, { ageMs, maxEjectionMs: this.times.maxMs });
    // Somebody had an answer from it, so there is no reason to wait for one of our own.
    const after = health.restoredAtMs ?? null;
    if (before === undefined || after === null || after === before) return;
    this.ejection.restore(nowMs);
    this.window = new OutageWindow();
  }

  forgetReport(): void {
    this.reported = null;
  }

  observe(outcome: AttemptOutcome['outcome'], nowMs: number, { retryAfterMs, slow }: FailureFacts): void {
    this.trialUntilMs = 0;
    if (outcome === 'success') this.succeed(nowMs);
    if (outcome === 'failure') this.fail(nowMs, { retryAfterMs, slow });
  }

  /** Only one request at a time tries an endpoint that is half open. */
  claimTrial(nowMs: number): void {
    if (this.stateAt(nowMs) === 'half_open') this.trialUntilMs = nowMs + TRIAL_TIMEOUT_MS;
  }

  conditionAt(nowMs: number): EndpointCondition {
    const window = this.reported?.health.windows.last5m;
    return {
      state: this.stateAt(nowMs),
      latencyMs: window?.latencyMs?.p50 ?? null,
      throughput: window?.throughput?.p50 ?? null,
      latencyPercentilesMs: window?.latencyMs ?? null,
      throughputPercentiles: window?.throughput ?? null,
      toolErrorRate: this.reported?.health.toolErrorRate ?? null,
    };
  }

  private succeed(nowMs: number): void {
    const ownEnded = this.ejection.succeed(nowMs);
    const reportedEnded = this.reported?.awaitsTrial === true && nowMs >= this.reported.ejectedUntilMs;
    // It has paid for its failures with the ejection: they are not held against it once more.
    if (ownEnded || reportedEnded) this.window = new OutageWindow();
    this.window.record(false, nowMs);
    this.coolUntilMs = 0;
    // The prober hears of the success a moment later than we do.
    if (this.reported && reportedEnded) this.reported = { ...this.reported, awaitsTrial: false, outageUntilMs: 0 };
  }

  private fail(nowMs: number, { retryAfterMs, slow }: FailureFacts): void {
    this.window.record(true, nowMs);
    this.ejection.fail(nowMs, slow);
    if (retryAfterMs > 0) this.coolUntilMs = nowMs + Math.min(MAX_COOL_DOWN_MS, retryAfterMs);
  }

  private stateAt(nowMs: number): ConditionState {
    const own = this.ejection.stateAt(nowMs);
    if (own === 'ejected' || nowMs < (this.reported?.ejectedUntilMs ?? 0)) return 'ejected';
    if (own === 'waiting' || this.reported?.awaitsTrial) return nowMs < this.trialUntilMs ? 'ejected' : 'half_open';
    const outage = nowMs < this.coolUntilMs || nowMs < (this.reported?.outageUntilMs ?? 0);
    return outage || this.window.isOutage(nowMs) ? 'outage' : 'healthy';
  }
}
