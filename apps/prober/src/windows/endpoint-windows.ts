import type { AttemptOutcome, EndpointHealth, EndpointHistory, HealthWindow } from '@switchyard/contracts';
import { RollingWindow } from './rolling-window.js';
import { Slice } from './slice.js';
import type { Sample, SavedSlice } from './slice.js';
import { toolErrorRate } from './tool-error-rate.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const SLICE_MS = 15 * SECOND_MS;
const FIVE_MINUTES_MS = 5 * MINUTE_MS;
const STEP_MS = 15 * MINUTE_MS;
const STEPS = 96;
/** Slices are stored by the block: one record for five minutes. */
const SLICES_PER_BLOCK = FIVE_MINUTES_MS / SLICE_MS;
const BLOCKS_PER_STEP = STEP_MS / FIVE_MINUTES_MS;

export const blockAt = (nowMs: number): number => Math.floor(nowMs / FIVE_MINUTES_MS);
/** Blocks that are stored at a time: those of the half hour that is read, and what is left of a step of the day. */
export const STORED_BLOCKS = 8;

/** Everything an endpoint's attempts of the last day tell, at three resolutions. */
export class EndpointWindows {
  private seconds = new RollingWindow(SECOND_MS, 30);
  private readonly quarters = new RollingWindow(SLICE_MS, STORED_BLOCKS * SLICES_PER_BLOCK);
  private readonly day = new RollingWindow(STEP_MS, STEPS);

  /** `outcome` is a success or a failure. */
  record({ outcome, firstTokenMs, tokensPerSecond, toolCalls }: AttemptOutcome, nowMs: number): void {
    const failed = outcome === 'failure';
    const tools = toolCalls && !failed ? { badToolCall: toolCalls !== 'valid' } : {};
    // A failure's time says how fast it failed, which must not make an endpoint look quick.
    const sample: Sample = failed
      ? { failed }
      : { failed, latencyMs: firstTokenMs, throughput: tokensPerSecond, ...tools };
    this.seconds.record(sample, nowMs);
    this.quarters.record(sample, nowMs);
    this.day.record({ failed, ...tools }, nowMs);
  }

  /** Its outage is over: what came before is not held against it once more. The longer windows keep it. */
  forgetOutage(): void {
    this.seconds = new RollingWindow(SECOND_MS, 30);
  }

  /** The slices of one block, for {@link restoreBlock} of another process. */
  block(block: number): readonly SavedSlice[] {
    const first = block * SLICES_PER_BLOCK;
    return this.quarters.between(first, first + SLICES_PER_BLOCK).map((slice) => slice.save());
  }

  restoreBlock(slices: readonly SavedSlice[]): void {
    for (const slice of slices) this.quarters.put(Slice.from(slice));
  }

  history(nowMs: number): Pick<EndpointHistory, 'stepMs' | 'steps'> {
    const newest = this.day.numberAt(nowMs);
    const steps = this.day
      .between(newest - STEPS + 1, newest + 1)
      .map((step): EndpointHistory['steps'][number] => [
        step.number,
        step.count,
        step.failures,
        step.toolAnswers,
        step.badToolAnswers,
      ]);
    return { stepMs: STEP_MS, steps };
  }

  /**
   * Takes over the day. What was stored of it may be older than the blocks, so steps that the blocks cover in full are made of those:
   * call it after every {@link restoreBlock}.
   */
  restoreDay(history: Pick<EndpointHistory, 'stepMs' | 'steps'> | null, nowMs: number): void {
    const steps = history?.stepMs === STEP_MS ? history.steps : [];
    for (const [n, c, f, a, b] of steps) this.day.put(Slice.from({ n, c, f, a, b, l: [], t: [] }));
    const oldestBlock = blockAt(nowMs) - STORED_BLOCKS + 1;
    const first = Math.ceil(oldestBlock / BLOCKS_PER_STEP);
    for (let number = first; number <= this.day.numberAt(nowMs); number += 1) {
      const from = number * BLOCKS_PER_STEP * SLICES_PER_BLOCK;
      const covered = this.quarters.between(from, from + BLOCKS_PER_STEP * SLICES_PER_BLOCK);
      const step = new Slice(number);
      for (const slice of covered) step.merge(slice);
      if (covered.length > 0) this.day.put(Slice.from({ ...step.save(), l: [], t: [] }));
    }
  }

  read(nowMs: number): Pick<EndpointHealth, 'windows' | 'uptime' | 'day' | 'toolErrorRate'> {
    const last30s = this.seconds.read(nowMs);
    const last5m = this.quarters.read(nowMs, FIVE_MINUTES_MS);
    const last30m = this.quarters.read(nowMs, 6 * FIVE_MINUTES_MS);
    const day = this.day.read(nowMs);
    return {
      windows: { last30s, last5m, last30m },
      uptime: { last5m: uptimeOf(last5m), last30m: uptimeOf(last30m), last1d: uptimeOf(day) },
      day: { count: day.count, failures: day.failures },
      toolErrorRate: toolErrorRate([last30m.toolCalls, day.toolCalls]),
    };
  }
}

/** Percent of attempts that did not fail; null without attempts. */
const uptimeOf = ({ count, failures }: HealthWindow): number | null =>
  count === 0 ? null : (100 * (count - failures)) / count;
