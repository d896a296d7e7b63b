import type { EndpointHistory } from '@switchyard/contracts';

const HOUR_MS = 3_600_000;
export const HOURS = 24;

/** Attempts and failures of an hour. */
export interface Hour {
  count: number;
  failures: number;
}

/** The last 24 hours by the clock, the running one included, the oldest first. */
export function hoursOf(histories: readonly (EndpointHistory | null)[], nowMs: number): readonly Hour[] {
  const first = firstHour(nowMs);
  const hours: Hour[] = Array.from({ length: HOURS }, () => ({ count: 0, failures: 0 }));
  for (const history of histories) {
    for (const [number, count, failures] of history?.steps ?? []) {
      const hour = hours[Math.floor((number * history!.stepMs) / HOUR_MS) - first];
      if (!hour) continue;
      hour.count += count;
      hour.failures += failures;
    }
  }
  return hours;
}

/** Whether anybody was served, or should have been, in those hours: a history may outlast them. */
export const wasUsed = (history: EndpointHistory, nowMs: number): boolean =>
  hoursOf([history], nowMs).some(({ count }) => count > 0);

/** When the oldest of them began. */
export const historyStartMs = (nowMs: number): number => firstHour(nowMs) * HOUR_MS;

/**
 * Percent of attempts that did not fail, null without any. How many there were is nobody's business: the page is public, and the
 * traffic of an installation is not. Two decimals, and never 100 where something failed.
 */
export function uptimePercent({ count, failures }: Hour): number | null {
  if (count === 0) return null;
  return Math.floor((10_000 * (count - failures)) / count) / 100;
}

const firstHour = (nowMs: number): number => Math.floor(nowMs / HOUR_MS) - HOURS + 1;
