/**
 * Monotonic milliseconds of this process. Leases and cool-downs count on it, never on the wall clock: an operator who sets the
 * time must not lend money twice.
 */
export type Clock = () => number;
export const monotonicClock: Clock = () => performance.now();
