import type { AttemptOutcome, EndpointHealth } from '@switchyard/contracts';
import { Ejection } from '../ejection/ejection.js';
import type { SuccessCount } from '../ejection/outliers.js';
import { EndpointWindows } from '../windows/endpoint-windows.js';
import { RollingWindow } from '../windows/rolling-window.js';

/** One endpoint: what its attempts told, and whether it is in rotation. */
export class TrackedEndpoint {
  readonly ejection = new Ejection();
  private readonly windows = new EndpointWindows();
  /** Five minutes for the comparison with its siblings, begun anew by an ejection: it is not judged twice for the same. */
  private judged = new RollingWindow(15_000, 20);

  constructor(
    readonly endpointId: string,
    readonly modelId: string,
  ) {}

  record(outcome: AttemptOutcome, nowMs: number): void {
    if (outcome.outcome !== 'success' && outcome.outcome !== 'failure') return;
    const failed = outcome.outcome === 'failure';
    this.windows.record(outcome, nowMs);
    this.judged.record({ failed }, nowMs);
    if (failed) this.ejection.fail(nowMs);
    else this.ejection.succeed(nowMs);
  }

  eject(nowMs: number): void {
    this.ejection.eject(nowMs);
    this.judged = new RollingWindow(15_000, 20);
  }

  successCount(nowMs: number): SuccessCount {
    const { count, failures } = this.judged.read(nowMs);
    return { endpointId: this.endpointId, count, failures };
  }

  restore(health: EndpointHealth, nowMs: number): void {
    this.windows.restore(health, nowMs);
    this.ejection.restore(health, nowMs);
  }

  read(nowMs: number): EndpointHealth {
    return {
      endpointId: this.endpointId,
      modelId: this.modelId,
      state: this.ejection.state,
      ejectedUntilMs: this.ejection.ejectedUntilMs,
      timesEjected: this.ejection.timesEjected,
      ...this.windows.read(nowMs),
      updatedAtMs: nowMs,
    };
  }
}
