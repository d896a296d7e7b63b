import type { EndpointHealth } from '@switchyard/contracts';
import { OUTAGE_WINDOW_MS } from './outage-window.js';

/** The prober's verdict on an endpoint, in the clock of this process. */
export interface ReportedHealth {
  readonly health: EndpointHealth;
  /** Until then it is out; 0 when it is in. */
  readonly ejectedUntilMs: number;
  /** It was ejected and is not restored: after its time it is half open. */
  readonly awaitsTrial: boolean;
  /** Until then its outage of the last 30 s counts; 0 without one. */
  readonly outageUntilMs: number;
}

/**
 * Carries a verdict over to this process's monotonic clock. Two wall clocks may disagree by days, so what matters are the
 * differences that the prober's own clock gave; `ageMs`, how old the entry was when it came, is 0 for one that came live.
 */
export function reportedHealthOf(
  health: EndpointHealth,
  nowMs: number,
  { ageMs, maxEjectionMs }: { readonly ageMs: number; readonly maxEjectionMs: number },
): ReportedHealth {
  const out = health.state === 'ejected' && health.ejectedUntilMs !== null;
  const leftMs = out ? health.ejectedUntilMs! - health.updatedAtMs - ageMs : 0;
  const { count, failures } = health.windows.last30s;
  const outage = failures > 0 && failures * 2 > count;
  return {
    health,
    ejectedUntilMs: out ? nowMs + clamp(leftMs, maxEjectionMs) : 0,
    awaitsTrial: health.state !== 'healthy',
    outageUntilMs: outage ? nowMs + clamp(OUTAGE_WINDOW_MS - ageMs, OUTAGE_WINDOW_MS) : 0,
  };
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, value));
