/** How long this edge keeps out what failed for it: `stepMs` times the number of the ejection, at most `maxMs`. */
export interface EjectionTimes {
  readonly stepMs: number;
  readonly maxMs: number;
}

export const ejectionTimesOf = (config: {
  readonly EJECTION_SECONDS: number;
  readonly MAX_EJECTION_SECONDS: number;
}): EjectionTimes => ({ stepMs: config.EJECTION_SECONDS * 1_000, maxMs: config.MAX_EJECTION_SECONDS * 1_000 });

/** The defaults, and the token under which others are injected. */
export const EJECTION_TIMES: EjectionTimes = { stepMs: 30_000, maxMs: 300_000 };
export const EJECTION_TIMES_TOKEN = Symbol('EJECTION_TIMES');
