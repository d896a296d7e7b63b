/** Numbers of the ejection rules, after Envoy's outlier detection. */
export const CONSECUTIVE_FAILURES_TO_EJECT = 5;
/** An endpoint that stayed in for so long has one earlier ejection forgiven. */
export const FORGIVE_AFTER_MS = 300_000;
/** The success rate is compared only where so many endpoints of a model have so many requests each. */
export const MIN_ENDPOINTS_TO_COMPARE = 5;
export const MIN_REQUESTS_TO_COMPARE = 100;
/** How many standard deviations below the mean is an outlier. */
export const OUTLIER_DEVIATIONS = 1.9;

/** How long ejections last: `stepMs` times their number, at most `maxMs`; a trial comes after each `stepMs`. */
export interface EjectionTimes {
  readonly stepMs: number;
  readonly maxMs: number;
}
export const EJECTION_TIMES: EjectionTimes = { stepMs: 30_000, maxMs: 300_000 };

/** How many of a model's endpoints may be out at once: at most half, so never the last one. */
export const mostEjected = (endpoints: number): number => Math.floor(endpoints / 2);
