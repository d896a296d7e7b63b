import { randomUUID } from 'node:crypto';
import type { Clock } from '../credit/clock.js';
import { monotonicClock } from '../credit/clock.js';

/** Who this process is to the others: a name that may outlive it, and an epoch that does not. */
export class EdgeProcess {
  readonly edgeEpoch = randomUUID();

  constructor(
    readonly edgeId: string,
    readonly clock: Clock = monotonicClock,
  ) {}
}
