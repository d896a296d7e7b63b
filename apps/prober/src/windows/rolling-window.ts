import type { HealthWindow } from '@switchyard/contracts';
import type { Sample } from './slice.js';
import { Slice } from './slice.js';

/** Attempts of the last while, in slices of equal length: the oldest slice is forgotten as a whole. */
export class RollingWindow {
  private readonly slices: (Slice | undefined)[];

  constructor(
    private readonly sliceMs: number,
    length: number,
  ) {
    this.slices = Array.from({ length });
  }

  record(sample: Sample, nowMs: number): void {
    this.sliceAt(nowMs).add(sample);
  }

  /** Puts a slice in the place of whatever is known of its time, unless that is newer. */
  put(slice: Slice): void {
    const slot = slice.number % this.slices.length;
    if ((this.slices[slot]?.number ?? -1) <= slice.number) this.slices[slot] = slice;
  }

  /** The slices that are known, from the number `from` on and before `to`, the oldest first. */
  between(from: number, to: number): readonly Slice[] {
    return this.slices
      .filter((slice): slice is Slice => slice !== undefined && slice.number >= from && slice.number < to)
      .sort((left, right) => left.number - right.number);
  }

  /** The merge of the last `spanMs`, the whole window when absent. */
  read(nowMs: number, spanMs = this.sliceMs * this.slices.length): HealthWindow {
    const newest = this.numberAt(nowMs);
    const sum = new Slice(newest);
    for (const slice of this.between(newest - Math.round(spanMs / this.sliceMs) + 1, newest + 1)) sum.merge(slice);
    return {
      count: sum.count,
      failures: sum.failures,
      latencyMs: sum.latency.percentiles(),
      throughput: sum.throughput.percentiles(),
      toolCalls: { answers: sum.toolAnswers, bad: sum.badToolAnswers },
    };
  }

  numberAt(nowMs: number): number {
    return Math.floor(nowMs / this.sliceMs);
  }

  private sliceAt(nowMs: number): Slice {
    const number = this.numberAt(nowMs);
    const slot = number % this.slices.length;
    const slice = this.slices[slot];
    if (slice?.number === number) return slice;
    const fresh = new Slice(number);
    this.slices[slot] = fresh;
    return fresh;
  }
}
