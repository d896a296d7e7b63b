import type { Pace } from '../upstream/answers.js';
import type { Target } from '../targets/target.js';

/** What was measured of a target in one round: figures by name, with the unit in the name. */
export type Figures = Readonly<Record<string, number>>;

export interface Run {
  readonly name: string;
  /** Models that it asks for. */
  readonly paces: readonly Pace[];
  /** How often every target has its turn; 0 leaves it to `--rounds`. */
  readonly rounds: number;
  /**
   * Share of its requests that goes before the first round. Above one where processes are brought to the state in which they spend
   * their lives: V8 is done with compiling them after some ten thousand requests.
   */
  readonly warmUp?: number;
  measure(target: Target, scale: number): Promise<Figures>;
}

export const pace = (tokens: number, tokensPerSecond = 0, latencyMs = 0): Pace => ({
  tokens,
  tokensPerSecond,
  latencyMs,
});

/** A share of a number of requests, for a quick look. */
export const scaled = (count: number, scale: number): number => Math.max(8, Math.round(count * scale));
