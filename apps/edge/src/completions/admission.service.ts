import { Injectable } from '@nestjs/common';
import type { CompletionRequest, DialectId } from '@switchyard/contracts';
import { boundOf } from '@switchyard/pricing';
import type { BoundInput } from '@switchyard/pricing';
import { asRouted } from '@switchyard/protocols';
import type { RequestFacts } from '@switchyard/protocols';
import { instruments } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { CreditService } from '../credit/credit.service.js';
import type { Hold } from '../credit/lease.js';
import { CreditRefused, refusalError } from '../credit/refusal.js';
import { refusedRequest } from '../credit/refused-request.js';
import { FreeModels } from '../limits/free-models.service.js';
import type { OrderedCandidate } from '../routing/index.js';
import { canStep } from './hold-mode.js';
import type { HoldMode } from './hold-mode.js';
import { STEP_TOKENS, SteppedHold } from './stepped-hold.js';
import type { Bounds } from './stepped-hold.js';

export interface Admitted {
  readonly hold: Hold;
  /** How the hold grows with the answer; null when all of it was set aside at once. */
  readonly steps: SteppedHold | null;
  readonly admittedAtMs: number;
  /** Who may serve it: all who were asked about, but free models beyond their limit. */
  readonly candidates: readonly OrderedCandidate[];
}

/** A request that wants to be admitted. */
export interface Applicant {
  readonly caller: Caller;
  readonly dialect: DialectId;
  readonly request: CompletionRequest;
  readonly facts: RequestFacts;
  readonly holdMode: HoldMode;
}

/** Most searches that a provider may run in one request that allows them; part of the bound. */
const MAX_SEARCHES = 10;

/** The request as the dearest candidate gets it: somebody searches the web because of a variant or a plugin. */
function asSent(request: CompletionRequest, candidates: readonly OrderedCandidate[]): CompletionRequest {
  const searching = candidates.find(({ routed }) => routed?.webSearch !== undefined);
  return searching?.routed ? asRouted(request, searching.routed) : request;
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
      const request = asSent(applicant.request, candidates);
      return { candidates, ...(await this.setAside({ ...applicant, request }, candidates)) };
    } catch (error) {
      undo();
      throw error;
    }
  }

  private async setAside(
    { caller: { key }, dialect, request, facts, holdMode }: Applicant,
    candidates: readonly OrderedCandidate[],
  ): Promise<Omit<Admitted, 'candidates'>> {
    const admittedAtMs = Date.now();
    const endpoints = candidates.map(({ endpoint }) => endpoint);
    const input: BoundInput = {
      ...facts,
      maxTokens: request.maxTokens ?? null,
      n: request.n ?? 1,
      admittedAtMs,
      ...(request.webSearchOptions !== undefined && { searches: MAX_SEARCHES }),
    };
    const bounds: Bounds = {
      ofTokens: (maxTokens) => boundOf({ ...input, maxTokens }, endpoints),
      wholeNanos: boundOf(input, endpoints),
    };
    const firstNanos = bounds.ofTokens(STEP_TOKENS);
    const inSteps = holdMode === 'stepped' && canStep(request, endpoints, dialect) && firstNanos < bounds.wholeNanos;
    const nanos = inSteps ? firstNanos : bounds.wholeNanos;
    try {
      const hold = await this.credit.admit(key, nanos);
      const steps = inSteps ? new SteppedHold(hold, bounds, (more) => this.credit.admit(key, more)) : null;
      return { hold, steps, admittedAtMs };
    } catch (error) {
      if (!(error instanceof CreditRefused)) throw error;
      instruments.admissionRefusals.add(1, { reason: error.refusal.reason });
      throw refusalError(error, refusedRequest({ key, boundNanos: nanos, input, endpoints }, error.affordableNanos));
    }
  }
}
