import type { AttemptOutcome, EndpointHealth, HealthWindow } from '@switchyard/contracts';
import { RollingWindow } from './rolling-window.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
export const FIVE_MINUTES_MS = 5 * MINUTE_MS;

/** Everything an endpoint's attempts of the last day tell, at three resolutions. */
export class EndpointWindows {
  private readonly seconds = new RollingWindow(SECOND_MS, 30);
  private readonly quarters = new RollingWindow(15 * SECOND_MS, 120);
  private readonly day = new RollingWindow(10 * MINUTE_MS, 144);

  /** `outcome` is a success or a failure. */
  record({ outcome, firstTokenMs, tokensPerSecond }: AttemptOutcome, nowMs: number): void {
    const failed = outcome === 'failure';
    // A failure's time says how fast it failed, which must not make an endpoint look quick.
    const sample = failed ? { failed } : { failed, latencyMs: firstTokenMs, throughput: tokensPerSecond };
    this.seconds.record(sample, nowMs);
    this.quarters.record(sample, nowMs);
    this.day.record({ failed }, nowMs);
  }

  /** Goes on from what an earlier process published, where it is not too old. */
  restore({ windows, day, updatedAtMs }: EndpointHealth, nowMs: number): void {
    const takenAtMs = Math.min(updatedAtMs, nowMs);
    const { last30m, last5m } = windows;
    this.quarters.restore(last5m, takenAtMs);
    this.quarters.restore(minus(last30m, last5m), takenAtMs - FIVE_MINUTES_MS);
    this.day.restore({ ...(day ?? last30m), latencyMs: null, throughput: null }, takenAtMs);
  }

  read(nowMs: number): Pick<EndpointHealth, 'windows' | 'uptime' | 'day'> {
    const last30s = this.seconds.read(nowMs);
    const last5m = this.quarters.read(nowMs, FIVE_MINUTES_MS);
    const last30m = this.quarters.read(nowMs);
    const day = this.day.read(nowMs);
    return {
      windows: { last30s, last5m, last30m },
      uptime: { last5m: uptimeOf(last5m), last30m: uptimeOf(last30m), last1d: uptimeOf(day) },
      day: { count: day.count, failures: day.failures },
    };
  }
}

/** Percent of attempts that did not fail; null without attempts. */
const uptimeOf = ({ count, failures }: HealthWindow): number | null =>
  count === 0 ? null : (100 * (count - failures)) / count;

const minus = (whole: HealthWindow, part: HealthWindow): HealthWindow => ({
  ...whole,
  count: Math.max(0, whole.count - part.count),
  failures: Math.max(0, Math.min(whole.count - part.count, whole.failures - part.failures)),
});
