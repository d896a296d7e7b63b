import type { HealthWindow } from '@switchyard/contracts';
import { Histogram } from './histogram.js';

/** What one attempt adds to a window. */
export interface Sample {
  readonly failed: boolean;
  readonly latencyMs?: number | null;
  readonly throughput?: number | null;
}

interface Slice {
  /** Number of the slice since the epoch; a slot is reused when its time comes round again. */
  readonly number: number;
  count: number;
  failures: number;
  readonly latency: Histogram;
  readonly throughput: Histogram;
}

/** Attempts of the last while, in slices of equal length: the oldest slice is forgotten as a whole. */
export class RollingWindow {
  private readonly slices: (Slice | undefined)[];

  constructor(
    private readonly sliceMs: number,
    length: number,
  ) {
    this.slices = Array.from({ length });
  }

  record({ failed, latencyMs, throughput }: Sample, nowMs: number): void {
    const slice = this.sliceAt(nowMs);
    slice.count += 1;
    if (failed) slice.failures += 1;
    if (latencyMs !== null && latencyMs !== undefined) slice.latency.add(latencyMs);
    if (throughput !== null && throughput !== undefined) slice.throughput.add(throughput);
  }

  /** Puts back what an earlier process knew: its counts, and values that have the same percentiles. */
  restore(window: HealthWindow, atMs: number): void {
    const slice = this.sliceAt(atMs);
    slice.count += window.count;
    slice.failures += window.failures;
    const successes = window.count - window.failures;
    replay(slice.latency, window.latencyMs, successes);
    replay(slice.throughput, window.throughput, successes);
  }

  /** The merge of the last `spanMs`, the whole window when absent. */
  read(nowMs: number, spanMs = this.sliceMs * this.slices.length): HealthWindow {
    const newest = Math.floor(nowMs / this.sliceMs);
    const oldest = newest - Math.round(spanMs / this.sliceMs) + 1;
    const latency = new Histogram();
    const throughput = new Histogram();
    let count = 0;
    let failures = 0;
    for (const slice of this.slices) {
      if (!slice || slice.number < oldest || slice.number > newest) continue;
      count += slice.count;
      failures += slice.failures;
      latency.merge(slice.latency);
      throughput.merge(slice.throughput);
    }
    return { count, failures, latencyMs: latency.percentiles(), throughput: throughput.percentiles() };
  }

  private sliceAt(nowMs: number): Slice {
    const number = Math.floor(nowMs / this.sliceMs);
    const slot = number % this.slices.length;
    const slice = this.slices[slot];
    if (slice?.number === number) return slice;
    const fresh: Slice = { number, count: 0, failures: 0, latency: new Histogram(), throughput: new Histogram() };
    this.slices[slot] = fresh;
    return fresh;
  }
}

function replay(histogram: Histogram, percentiles: HealthWindow['latencyMs'], count: number): void {
  if (!percentiles) return;
  const shares = [
    [percentiles.p50, 0.5],
    [percentiles.p75, 0.75],
    [percentiles.p90, 0.9],
    [percentiles.p99, 1],
  ] as const;
  let placed = 0;
  for (const [value, share] of shares) {
    const upTo = Math.ceil(count * share);
    histogram.add(value, upTo - placed);
    placed = upTo;
  }
}
