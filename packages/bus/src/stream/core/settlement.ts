import { StreamFailure } from './failure.js';
import type { StreamOutcome } from './failure.js';

/** The promises of a stream, each settled once: opened (head), ended (meta of the end), settled (however it ended). */
export class Settlement {
  private readonly openedOnce = Promise.withResolvers<void>();
  private readonly endedOnce = Promise.withResolvers<unknown>();
  private readonly settledOnce = Promise.withResolvers<StreamOutcome>();
  private controller: AbortController | null = null;
  /** Why the stream cannot end well any more. */
  cutFailure: StreamFailure | null = null;

  constructor() {
    // Whoever waits sees the rejection; that nobody waits is no error of the process.
    this.openedOnce.promise.catch(() => undefined);
    this.endedOnce.promise.catch(() => undefined);
  }

  get opened(): Promise<void> {
    return this.openedOnce.promise;
  }

  get ended(): Promise<unknown> {
    return this.endedOnce.promise;
  }

  get settled(): Promise<StreamOutcome> {
    return this.settledOnce.promise;
  }

  /** Made only for those who ask, because most streams end without anybody asking. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cutFailure) this.controller.abort(this.cutFailure);
    return this.controller.signal;
  }

  open(): void {
    this.openedOnce.resolve();
  }

  /** The first failure counts; later ones only follow from it. */
  cut(failure: StreamFailure): StreamFailure {
    this.cutFailure ??= failure;
    this.controller?.abort(this.cutFailure);
    return this.cutFailure;
  }

  /** @param failure why the stream is over, if that is not its end or an earlier cut. */
  finish(outcome: StreamOutcome, failure: StreamFailure | null): void {
    // Who waits for the head of a stream that was cut wants to know how the worker ended it: it may have used something.
    const opening = this.cutFailure ? new StreamFailure(this.cutFailure.failure, outcome) : failure;
    if (failure) this.cut(failure);
    if (outcome.kind === 'end') this.endedOnce.resolve(outcome.meta);
    else this.endedOnce.reject(failure ?? this.cutFailure);
    if (opening) this.openedOnce.reject(opening);
    this.settledOnce.resolve(outcome);
  }
}
