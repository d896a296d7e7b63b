import type { Clock } from '../credit/clock.js';
import type { OrderedCandidate } from '../routing/index.js';
import { afterFailure } from './retry-policy.js';
import type { FailureFacts } from './retry-policy.js';

export interface AttemptBudget {
  readonly maxAttempts: number;
  /** No try is started later than this after the first. */
  readonly windowMs: number;
}

export interface PlannedAttempt {
  /** 1-based. */
  readonly number: number;
  readonly candidate: OrderedCandidate;
  /** To wait before it. */
  readonly waitMs: number;
}

/** Walks the candidates of one generation within one budget of tries and time: a storm never multiplies itself. */
export class AttemptPlan {
  private index = 0;
  private number = 1;
  private triesHere = 1;
  private readonly deadlineMs: number;

  constructor(
    private readonly candidates: readonly OrderedCandidate[],
    private readonly budget: AttemptBudget,
    private readonly clock: Clock,
  ) {
    this.deadlineMs = clock() + budget.windowMs;
  }

  first(): PlannedAttempt | null {
    const candidate = this.candidates[0];
    return candidate ? { number: 1, candidate, waitMs: 0 } : null;
  }

  /** The try after a failed one, or null when there is none left. */
  after(failure: FailureFacts): PlannedAttempt | null {
    const facts = { onlyEndpoint: this.candidates.length === 1, triesHere: this.triesHere };
    const decision = afterFailure(failure, facts);
    const waitMs = decision.go === 'same-endpoint' ? decision.waitMs : 0;
    if (this.number >= this.budget.maxAttempts || this.clock() + waitMs >= this.deadlineMs) return null;
    if (decision.go === 'same-endpoint') this.triesHere += 1;
    else this.move(decision.go === 'next-model');
    const candidate = this.candidates[this.index];
    if (!candidate) return null;
    this.number += 1;
    return { number: this.number, candidate, waitMs };
  }

  private move(toNextModel: boolean): void {
    const failedModel = this.candidates[this.index]?.model.id;
    const next = this.candidates.findIndex(
      ({ model }, index) => index > this.index && !(toNextModel && model.id === failedModel),
    );
    this.index = next === -1 ? this.candidates.length : next;
    this.triesHere = 1;
  }
}
