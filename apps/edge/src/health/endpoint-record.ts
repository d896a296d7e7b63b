import type { AttemptOutcome, EndpointHealth } from '@switchyard/contracts';
import type { ConditionState, EndpointCondition } from './endpoint-condition.js';
import { FastEjection, TRIAL_TIMEOUT_MS } from './fast-ejection.js';
import { OutageWindow } from './outage-window.js';
import { reportedHealthOf } from './reported-health.js';
import type { ReportedHealth } from './reported-health.js';

/** The longest `Retry-After` of a provider that we believe. */
export const MAX_COOL_DOWN_MS = 60_000;

/** Everything this edge knows of one endpoint: what it saw itself, and what the prober says. All times monotonic. */
export class EndpointRecord {
  private readonly window = new OutageWindow();
  private readonly ejection = new FastEjection();
  private reported: ReportedHealth | null = null;
  private coolUntilMs = 0;
  private trialUntilMs = 0;

  get health(): EndpointHealth | null {
    return this.reported?.health ?? null;
  }

  report(health: EndpointHealth, nowMs: number, ageMs: number): void {
    this.reported = reportedHealthOf(health, nowMs, ageMs);
  }

  forgetReport(): void {
    this.reported = null;
  }

  observe(outcome: AttemptOutcome['outcome'], nowMs: number, retryAfterMs: number): void {
    this.trialUntilMs = 0;
    if (outcome === 'success') this.succeed(nowMs);
    if (outcome === 'failure') this.fail(nowMs, retryAfterMs);
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
    this.window.record(false, nowMs);
    this.ejection.succeed(nowMs);
    this.coolUntilMs = 0;
    // The prober hears of the success a moment later than we do.
    if (this.reported?.awaitsTrial && nowMs >= this.reported.ejectedUntilMs)
      this.reported = { ...this.reported, awaitsTrial: false };
  }

  private fail(nowMs: number, retryAfterMs: number): void {
    this.window.record(true, nowMs);
    this.ejection.fail(nowMs);
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
