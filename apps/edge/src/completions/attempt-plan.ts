import type { LeftReason } from '@switchyard/contracts';
import type { Clock } from '../credit/clock.js';
import type { OrderedCandidate } from '../routing/index.js';
import type { RetryBudget, RetrySlot } from './retry-budget.js';
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
  /** Why now: the reason of the candidate's place for the first one. */
  readonly reason: string;
  /** To wait before it. */
  readonly waitMs: number;
  /** Tries on this candidate so far, this one included. */
  readonly triesHere: number;
  /** Nothing was known against the endpoint when it was planned. */
  readonly wasWell: boolean;
  /** What it holds of the retry budget of the process; to be released when it has spoken or failed. */
  readonly slot: RetrySlot | null;
}

export interface PlanTools {
  readonly clock: Clock;
  readonly retries: Pick<RetryBudget, 'take'>;
  /** Whether an endpoint is known to work, as far as anything is known. */
  readonly isWell: (endpointId: string) => boolean;
}

/** What follows a failure: another attempt, or none; and the word for it. */
export interface NextStep {
  readonly planned: PlannedAttempt | null;
  readonly left: LeftReason;
}

/** Walks the candidates of one generation within one budget of tries and time: a storm never multiplies itself. */
export class AttemptPlan {
  private number = 0;
  private readonly deadlineMs: number;
  /** Who may still be asked, in order. Whoever is asked leaves it. */
  private readonly waiting: OrderedCandidate[];
  private readonly tries = new Map<OrderedCandidate, number>();
  /** Who asked for a moment of patience, and until when: they are asked again when nobody else is left. */
  private readonly resting = new Map<OrderedCandidate, number>();

  constructor(
    private readonly candidates: readonly OrderedCandidate[],
    private readonly budget: AttemptBudget,
    private readonly tools: PlanTools,
  ) {
    this.deadlineMs = tools.clock() + budget.windowMs;
    this.waiting = [...candidates];
  }

  first(): PlannedAttempt | null {
    const candidate = this.waiting.shift();
    return candidate ? this.plan(candidate, { reason: candidate.reason, waitMs: 0, slot: null }) : null;
  }

  /** The try after a failed one, or why there is none. */
  after(failed: PlannedAttempt, failure: FailureFacts): NextStep {
    const { candidate, triesHere, wasWell } = failed;
    if (this.spent) return { planned: null, left: 'out_of_attempts' };
    const decision = afterFailure(failure, { onlyEndpoint: this.waiting.length === 0, triesHere, wasWell });
    if (decision.go === 'same-endpoint') {
      const slot = decision.ours ? null : this.tools.retries.take();
      if (slot || decision.ours) return this.again(candidate, decision.waitMs, slot);
    }
    if (decision.go === 'next-model') this.leaveModel(candidate.model.id);
    if (decision.go === 'next-endpoint' && decision.restMs !== undefined)
      this.resting.set(candidate, this.tools.clock() + decision.restMs);
    return this.elsewhere(decision.go);
  }

  /** A second attempt beside one that is slow: the next candidate of the same model that is well, if the budgets have room. */
  beside({ candidate }: PlannedAttempt, allowed: (candidate: OrderedCandidate) => boolean): PlannedAttempt | null {
    if (this.spent || this.late(0)) return null;
    const next = this.waiting.find(
      (other) => other.model.id === candidate.model.id && this.tools.isWell(other.endpoint.id) && allowed(other),
    );
    return this.extra(next, 'hedge');
  }

  /** Who goes on with an answer that broke off: another candidate of its model that is well; the same one, once, if it is the only one. */
  toContinue(broken: PlannedAttempt, allowed: (candidate: OrderedCandidate) => boolean): PlannedAttempt | null {
    if (this.spent || this.late(0)) return null;
    const { candidate } = broken;
    const ofModel = ({ model }: OrderedCandidate) => model.id === candidate.model.id;
    const alone = this.candidates.filter(ofModel).length === 1 && broken.triesHere === this.tries.get(candidate);
    const able = alone
      ? [candidate]
      : this.waiting.filter((other) => ofModel(other) && this.tools.isWell(other.endpoint.id));
    return this.extra(able.find(allowed), 'continuation');
  }

  /** An attempt that no failure asked for: only if the retry budget has room for it. */
  private extra(candidate: OrderedCandidate | undefined, reason: string): PlannedAttempt | null {
    const slot = candidate ? this.tools.retries.take() : null;
    if (!candidate || !slot) return null;
    const index = this.waiting.indexOf(candidate);
    if (index >= 0) this.waiting.splice(index, 1);
    return this.plan(candidate, { reason, waitMs: 0, slot });
  }

  private get spent(): boolean {
    return this.number >= this.budget.maxAttempts;
  }

  private late(waitMs: number): boolean {
    return this.tools.clock() + waitMs >= this.deadlineMs;
  }

  private again(candidate: OrderedCandidate, waitMs: number, slot: RetrySlot | null): NextStep {
    if (this.late(waitMs)) {
      slot?.release();
      return { planned: null, left: 'out_of_time' };
    }
    return { planned: this.plan(candidate, { reason: 'retry', waitMs, slot }), left: 'retry' };
  }

  /** The next who is well, or who is sick when the retry budget has room for it, or who rests, when nobody else is left. */
  private elsewhere(go: 'same-endpoint' | 'next-endpoint' | 'next-model'): NextStep {
    if (this.late(0)) return { planned: null, left: 'out_of_time' };
    const left = go === 'next-model' ? 'next_model' : 'next_endpoint';
    let refused = false;
    for (let candidate = this.waiting.shift(); candidate; candidate = this.waiting.shift()) {
      const well = this.tools.isWell(candidate.endpoint.id);
      const slot = well ? null : this.tools.retries.take();
      if (well || slot) return { planned: this.plan(candidate, { reason: 'fallback', waitMs: 0, slot }), left };
      refused = true;
    }
    return (
      this.afterRest() ?? {
        planned: null,
        left: refused || go === 'same-endpoint' ? 'no_retry_budget' : 'no_candidate',
      }
    );
  }

  private afterRest(): NextStep | null {
    const [soonest] = [...this.resting].sort(([, one], [, other]) => one - other);
    if (!soonest) return null;
    const [candidate, untilMs] = soonest;
    this.resting.delete(candidate);
    const slot = this.tools.retries.take();
    if (!slot) return { planned: null, left: 'no_retry_budget' };
    return this.again(candidate, Math.max(0, untilMs - this.tools.clock()), slot);
  }

  private leaveModel(modelId: string): void {
    const others = this.waiting.filter(({ model }) => model.id !== modelId);
    this.waiting.splice(0, this.waiting.length, ...others);
    for (const candidate of this.resting.keys()) if (candidate.model.id === modelId) this.resting.delete(candidate);
  }

  private plan(candidate: OrderedCandidate, how: Pick<PlannedAttempt, 'reason' | 'waitMs' | 'slot'>): PlannedAttempt {
    this.number += 1;
    const triesHere = (this.tries.get(candidate) ?? 0) + 1;
    this.tries.set(candidate, triesHere);
    const wasWell = this.tools.isWell(candidate.endpoint.id);
    return { number: this.number, candidate, triesHere, wasWell, ...how };
  }
}
