/** Settings of the limits of free models; 0 is no limit. */
export interface FreeLimits {
  readonly perMinute: number;
  readonly perDay: number;
  /** Per day, for accounts that bought at least {@link thresholdNanos} in their life. */
  readonly perDayAbove: number;
  readonly thresholdNanos: bigint;
}
