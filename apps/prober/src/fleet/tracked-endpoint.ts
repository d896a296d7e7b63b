import { ERRORS, isErrorCode } from '@switchyard/contracts';
import type { AttemptOutcome, EndpointHealth, EndpointHistory } from '@switchyard/contracts';
import { Ejection } from '../ejection/ejection.js';
import type { EjectionTimes } from '../ejection/limits.js';
import type { SuccessCount } from '../ejection/outliers.js';
import type { SavedBlock } from '../state/saved-block.js';
import { blockAt, EndpointWindows } from '../windows/endpoint-windows.js';
import { RollingWindow } from '../windows/rolling-window.js';
import { Heard } from './heard.js';

/** What an earlier process left of an endpoint. */
export interface Remembered {
  readonly health: EndpointHealth | null;
  readonly history: EndpointHistory | null;
  readonly blocks: readonly SavedBlock[];
}

/** One endpoint: what its attempts told, and whether it is in rotation. */
export class TrackedEndpoint {
  readonly ejection: Ejection;
  private readonly windows = new EndpointWindows();
  private readonly heard = new Heard();
  /** Five minutes for the comparison with its siblings, begun anew by an ejection: it is not judged twice for the same. */
  private judged = new RollingWindow(15_000, 20);
  private changedBlocks = new Set<number>();

  constructor(
    readonly endpointId: string,
    readonly modelId: string,
    times?: EjectionTimes,
  ) {
    this.ejection = new Ejection(times);
  }

  record(outcome: AttemptOutcome, nowMs: number): void {
    if (!this.heard.note(outcome, nowMs)) return;
    if (outcome.outcome !== 'success' && outcome.outcome !== 'failure') return;
    const failed = outcome.outcome === 'failure';
    const { restoredAtMs } = this.ejection;
    if (failed) this.ejection.fail(nowMs, isSlow(outcome.errorCode));
    else if (outcome.probe) this.ejection.answerProbe(nowMs);
    else this.ejection.succeed(nowMs);
    if (this.ejection.restoredAtMs !== restoredAtMs) this.windows.forgetOutage();
    // A probe is no traffic: uptime, latency and error rates are what clients saw.
    if (!outcome.probe) {
      this.windows.record(outcome, nowMs);
      this.judged.record({ failed }, nowMs);
    }
    this.changedBlocks.add(blockAt(nowMs));
  }

  eject(nowMs: number): void {
    this.ejection.eject(nowMs);
    this.judged = new RollingWindow(15_000, 20);
  }

  successCount(nowMs: number): SuccessCount {
    const { count, failures } = this.judged.read(nowMs);
    return { endpointId: this.endpointId, count, failures };
  }

  restore({ health, history, blocks }: Remembered, nowMs: number): void {
    const inOrder = blocks.toSorted((left, right) => left.block - right.block);
    for (const { slices, heard } of inOrder) {
      this.windows.restoreBlock(slices);
      this.heard.restore(heard, nowMs);
    }
    this.windows.restoreDay(history, nowMs);
    if (health) this.ejection.restore(health, nowMs, inOrder.at(-1)?.failuresInARow);
  }

  read(nowMs: number): EndpointHealth {
    return {
      endpointId: this.endpointId,
      modelId: this.modelId,
      state: this.ejection.state,
      ejectedUntilMs: this.ejection.ejectedUntilMs,
      timesEjected: this.ejection.timesEjected,
      restoredAtMs: this.ejection.restoredAtMs,
      ...this.windows.read(nowMs),
      updatedAtMs: nowMs,
    };
  }

  history(nowMs: number): EndpointHistory {
    const { endpointId, modelId } = this;
    return { endpointId, modelId, ...this.windows.history(nowMs), updatedAtMs: nowMs };
  }

  /** The blocks that changed since the last call, the oldest first, for whoever comes after this process. */
  takeChanges(nowMs: number): readonly SavedBlock[] {
    const { endpointId, modelId } = this;
    const { failuresInARow } = this.ejection;
    const numbers = [...this.changedBlocks].sort((left, right) => left - right);
    this.changedBlocks = new Set();
    return numbers.map((block, index): SavedBlock => {
      // Only the last one says what was heard: were it lost after the others were stored, its outcomes would count as known.
      const heard = index === numbers.length - 1 ? this.heard.save(nowMs) : {};
      return { endpointId, modelId, block, slices: [...this.windows.block(block)], heard, failuresInARow };
    });
  }

  /** They did not get out. */
  putBack(blocks: readonly SavedBlock[]): void {
    for (const { block } of blocks) this.changedBlocks.add(block);
  }
}

/** A client waits for a deadline and hardly notices a refusal. */
const isSlow = (errorCode: string | null): boolean =>
  errorCode !== null && isErrorCode(errorCode) && ERRORS[errorCode].type === 'timeout';
