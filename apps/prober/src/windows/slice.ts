import { z } from 'zod';
import { Histogram } from './histogram.js';

/** What one attempt adds to a slice. */
export interface Sample {
  readonly failed: boolean;
  readonly latencyMs?: number | null;
  readonly throughput?: number | null;
  /** The answer finished with tool calls; whether one of them could not be run. Absent for others. */
  readonly badToolCall?: boolean;
}

const count = z.int().nonnegative();

/** A slice as it is stored, with short names because there are many. */
export const SavedSlice = z.object({
  /** Number, attempts, failures. */
  n: count,
  c: count,
  f: count,
  /** Answers with tool calls, and bad ones among them. */
  a: count.default(0),
  b: count.default(0),
  /** Histograms of latency and throughput. */
  l: z.array(count).default([]),
  t: z.array(count).default([]),
});
export type SavedSlice = z.output<typeof SavedSlice>;

/** The attempts of a short time. */
export class Slice {
  count = 0;
  failures = 0;
  toolAnswers = 0;
  badToolAnswers = 0;
  latency = new Histogram();
  throughput = new Histogram();

  /** `number` counts slices since the epoch. */
  constructor(readonly number: number) {}

  static from(saved: SavedSlice): Slice {
    const slice = new Slice(saved.n);
    slice.count = saved.c;
    slice.failures = saved.f;
    slice.toolAnswers = saved.a;
    slice.badToolAnswers = saved.b;
    slice.latency = Histogram.decode(saved.l);
    slice.throughput = Histogram.decode(saved.t);
    return slice;
  }

  add({ failed, latencyMs, throughput, badToolCall }: Sample): void {
    this.count += 1;
    if (failed) this.failures += 1;
    if (latencyMs !== null && latencyMs !== undefined) this.latency.add(latencyMs);
    if (throughput !== null && throughput !== undefined) this.throughput.add(throughput);
    if (badToolCall === undefined) return;
    this.toolAnswers += 1;
    if (badToolCall) this.badToolAnswers += 1;
  }

  merge(other: Slice): void {
    this.count += other.count;
    this.failures += other.failures;
    this.toolAnswers += other.toolAnswers;
    this.badToolAnswers += other.badToolAnswers;
    this.latency.merge(other.latency);
    this.throughput.merge(other.throughput);
  }

  save(): SavedSlice {
    return {
      n: this.number,
      c: this.count,
      f: this.failures,
      a: this.toolAnswers,
      b: this.badToolAnswers,
      l: this.latency.encode(),
      t: this.throughput.encode(),
    };
  }
}
