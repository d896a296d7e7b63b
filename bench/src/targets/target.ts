import type { Pace } from '../upstream/answers.js';

export interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

/** Something that answers chat completions, and the processes that it takes to do so. */
export interface Target {
  readonly name: string;
  /** Of its chat completions; requests go to them in turn. */
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  modelOf(pace: Pace): string;
  /** Empty when they are not ours to measure. Their children count with them. */
  processes(): readonly NamedProcess[];
  stop(): Promise<void>;
}
