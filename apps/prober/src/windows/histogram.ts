import type { Percentiles } from '@switchyard/contracts';

/** Neighbouring buckets differ by this factor, so a percentile is at most 2.5 % off. */
const GROWTH = 1.05;
const LOG_GROWTH = Math.log(GROWTH);
/** Below it everything is one bucket: a millisecond, or a token in a thousand seconds. */
const SMALLEST = 0.001;
const LARGEST_BUCKET = Math.ceil(Math.log(1e12) / LOG_GROWTH);

/** Counts of values in buckets of growing width. Two histograms merge by adding their counts, in any order. */
export class Histogram {
  private readonly counts = new Map<number, number>();
  private total = 0;

  /** What {@link encode} gave; pairs that are none are left out. */
  static decode(pairs: readonly number[]): Histogram {
    const histogram = new Histogram();
    for (let at = 0; at + 1 < pairs.length; at += 2) histogram.put(pairs[at]!, pairs[at + 1]!);
    return histogram;
  }

  get count(): number {
    return this.total;
  }

  /** `value` is zero or more; others are not counted. */
  add(value: number, times = 1): void {
    if (!(value >= 0) || times <= 0) return;
    this.put(
      value <= SMALLEST ? 0 : Math.min(LARGEST_BUCKET, Math.ceil(Math.log(value / SMALLEST) / LOG_GROWTH)),
      times,
    );
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.counts) this.put(bucket, count);
  }

  /** Bucket, count, bucket, count …: exactly what it knows. */
  encode(): number[] {
    return [...this.counts].flat();
  }

  /** Null without values. */
  percentiles(): Percentiles | null {
    if (this.total === 0) return null;
    const buckets = [...this.counts].sort(([left], [right]) => left - right);
    const at = (share: number): number => middleOf(bucketAt(buckets, Math.ceil(share * this.total)));
    return { p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99) };
  }

  private put(bucket: number, times: number): void {
    this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + times);
    this.total += times;
  }
}

function bucketAt(buckets: readonly (readonly [number, number])[], rank: number): number {
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= rank) return bucket;
  }
  return buckets.at(-1)?.[0] ?? 0;
}

/** Rounded to a thousandth, because the buckets know no more. */
const middleOf = (bucket: number): number =>
  bucket === 0 ? 0 : Math.round(SMALLEST * GROWTH ** (bucket - 0.5) * 1_000) / 1_000;
