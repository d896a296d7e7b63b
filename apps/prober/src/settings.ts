import type { EjectionTimes } from './ejection/limits.js';

export interface ProberSettings {
  readonly ejection: EjectionTimes;
  readonly activeProbes: boolean;
  readonly probeIntervalMs: number;
  /** Names this process in calls. */
  readonly instance: string;
}

export const PROBER_SETTINGS = Symbol('PROBER_SETTINGS');
