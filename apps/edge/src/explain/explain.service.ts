import { Injectable } from '@nestjs/common';
import { GatewayError, formatUsd } from '@switchyard/contracts';
import type { DialectId } from '@switchyard/contracts';
import { dialectOf, requestFacts } from '@switchyard/protocols';
import type { Caller } from '../callers/caller.js';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import type { HoldMode } from '../completions/hold-mode.js';
import { holdPlan } from '../completions/hold-plan.js';
import { withAffinity } from '../completions/reasoning-affinity.js';
import { routingMetadata } from '../completions/routing-metadata.js';
import { strictCandidates } from '../completions/strict.js';
import { HealthStore } from '../health/health.store.js';
import { isFree } from '../limits/free-models.service.js';
import type { OrderedCandidate } from '../routing/index.js';
import { policiesOf, underPolicies } from '../routing/policies.js';
import { RoutingService } from '../routing/routing.service.js';
import { candidateViews, excludedViews } from './endpoints-view.js';
import { Limits } from './limits.service.js';

export interface Question {
  readonly caller: Caller;
  readonly body: unknown;
  readonly holdMode: HoldMode;
  readonly strict: boolean;
}

const DIALECT: DialectId = 'openai-chat';
/** Dry runs at once in this process: each asks the ledger, and none earns anything. */
const MAX_RUNNING = 32;

/** Runs the router for a request that is not made: nobody is called, nothing is set aside, no trial is claimed. */
@Injectable()
export class Explain {
  private running = 0;

  constructor(
    private readonly routing: RoutingService,
    private readonly catalogue: CatalogueStore,
    private readonly health: HealthStore,
    private readonly limits: Limits,
  ) {}

  /** @throws GatewayError `invalid_request` for a body that a completion would refuse, too; `overloaded` */
  async explain(question: Question): Promise<Record<string, unknown>> {
    if (this.running >= MAX_RUNNING) throw new GatewayError('overloaded', { retryAfterMs: 1_000 });
    this.running += 1;
    try {
      return await this.answer(question);
    } finally {
      this.running -= 1;
    }
  }

  private async answer({ caller, body, holdMode, strict }: Question): Promise<Record<string, unknown>> {
    const policies = policiesOf(caller.key);
    const request = underPolicies(dialectOf(DIALECT).parseRequest(body), policies);
    const facts = requestFacts(request);
    const { candidates: routed, verdicts, error } = this.routing.lookFor(request, facts, { policies });
    const able = error ?? (strict ? expected(() => strictCandidates(request, routed)) : routed);
    const refusal = able instanceof GatewayError ? able : null;
    const candidates = able instanceof GatewayError ? [] : withAffinity(request, able);
    const around = { catalogue: this.catalogue, health: this.health, nowMs: this.health.nowMs() };
    const { requested, strategy, endpoints } = routingMetadata({ request, candidates, verdicts, attempts: [] }, null);
    const hold =
      candidates.length > 0 ? holdPlan({ dialect: DIALECT, request, facts, holdMode }, candidates, Date.now()) : null;
    const limits = hold && (await this.limitsFor(caller, hold.firstNanos, candidates));
    return {
      requested,
      strategy,
      candidates: hold ? candidateViews(candidates, hold.input, around) : [],
      excluded: excludedViews(verdicts, around),
      excluded_by: endpoints.excluded_by,
      hold: hold && {
        mode: hold.inSteps ? 'stepped' : 'full',
        bound: formatUsd(hold.bounds.wholeNanos),
        set_aside_first: formatUsd(hold.firstNanos),
      },
      limits,
      refused_by: limits?.filter(({ refuses }) => refuses).map(({ limit_source: source }) => source) ?? [],
      error: refusal && errorView(refusal),
    };
  }

  private limitsFor({ key }: Caller, requiredNanos: bigint, candidates: readonly OrderedCandidate[]) {
    return this.limits.facing({ key, requiredNanos, free: candidates.some(isFree) });
  }
}

/** An error that a request would be answered with is a part of the explanation. */
function expected<T>(work: () => T): T | GatewayError {
  try {
    return work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** As `error` of the answer that the request would get. */
const errorView = (error: GatewayError): object =>
  (dialectOf(DIALECT).renderError(error).body as { readonly error: object }).error;
