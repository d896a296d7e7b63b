import { Injectable } from '@nestjs/common';
import { instruments } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { CreditService } from '../credit/credit.service.js';
import type { Hold } from '../credit/lease.js';
import { CreditRefused, refusalError } from '../credit/refusal.js';
import { refusedRequest } from '../credit/refused-request.js';
import { FreeModels } from '../limits/free-models.service.js';
import type { OrderedCandidate } from '../routing/index.js';
import { holdPlan } from './hold-plan.js';
import type { HoldFacts } from './hold-plan.js';
import { SteppedHold } from './stepped-hold.js';

export interface Admitted {
  readonly hold: Hold;
  /** How the hold grows with the answer; null when all of it was set aside at once. */
  readonly steps: SteppedHold | null;
  readonly admittedAtMs: number;
  /** Who may serve it: all who were asked about, but free models beyond their limit. */
  readonly candidates: readonly OrderedCandidate[];
}

/** A request that wants to be admitted. */
export interface Applicant extends HoldFacts {
  readonly caller: Caller;
}

/** Says what a request can cost at most, whoever serves it, and sets that aside. */
@Injectable()
export class Admission {
  constructor(
    private readonly credit: CreditService,
    private readonly freeModels: FreeModels,
  ) {}

  /** @throws GatewayError `free_model_limit`, `insufficient_credits`, `key_limit_exceeded`, `budget_exceeded` or `service_unavailable` */
  async admit(applicant: Applicant, routed: readonly OrderedCandidate[]): Promise<Admitted> {
    const { candidates, undo } = await this.freeModels.admit(applicant.caller.key, routed);
    try {
      return { candidates, ...(await this.setAside(applicant, candidates)) };
    } catch (error) {
      undo();
      throw error;
    }
  }

  private async setAside(
    applicant: Applicant,
    candidates: readonly OrderedCandidate[],
  ): Promise<Omit<Admitted, 'candidates'>> {
    const { key } = applicant.caller;
    const admittedAtMs = Date.now();
    const { input, endpoints, bounds, inSteps, firstNanos } = holdPlan(applicant, candidates, admittedAtMs);
    try {
      const hold = await this.credit.admit(key, firstNanos);
      const steps = inSteps ? new SteppedHold(hold, bounds, (more) => this.credit.admit(key, more)) : null;
      return { hold, steps, admittedAtMs };
    } catch (error) {
      if (!(error instanceof CreditRefused)) throw error;
      instruments.admissionRefusals.add(1, { reason: error.refusal.reason });
      throw refusalError(
        error,
        refusedRequest({ key, boundNanos: firstNanos, input, endpoints }, error.affordableNanos),
      );
    }
  }
}
