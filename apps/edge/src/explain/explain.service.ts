import { Injectable } from '@nestjs/common';
import { GatewayError, formatUsd } from '@switchyard/contracts';
import type { DialectId } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import type { Caller } from '../callers/caller.js';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import type { HoldMode } from '../completions/hold-mode.js';
import { holdPlan } from '../completions/hold-plan.js';
import { RequestPlans } from '../completions/request-plans.service.js';
import type { AskedRequest } from '../completions/request-plans.service.js';
import { routingMetadata } from '../completions/routing-metadata.js';
import { HealthStore } from '../health/health.store.js';
import { isFree } from '../limits/free-models.service.js';
import type { OrderedCandidate } from '../routing/index.js';
import { candidateViews, excludedViews } from './endpoints-view.js';
import { Limits } from './limits.service.js';

/** A request that is only asked about, and how its money would be set aside. */
export interface Question extends Omit<AskedRequest, 'dialect'> {
  readonly holdMode: HoldMode;
}

const DIALECT: DialectId = 'openai-chat';
/** Dry runs at once in this process: each asks the ledger, and none earns anything. */
const MAX_RUNNING = 32;

/** Runs the router for a request that is not made: nobody is called, nothing is set aside, no trial is claimed. */
@Injectable()
export class Explain {
  private running = 0;

  constructor(
    private readonly plans: RequestPlans,
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

  private async answer({ holdMode, ...asked }: Question): Promise<Record<string, unknown>> {
    const plan = this.plans.look({ ...asked, dialect: DIALECT });
    const { request, facts, candidates, verdicts, error } = plan;
    const around = { catalogue: this.catalogue, health: this.health, nowMs: this.health.nowMs() };
    const { requested, strategy, endpoints } = routingMetadata({ request, candidates, verdicts, attempts: [] }, null);
    const hold =
      candidates.length > 0 ? holdPlan({ dialect: DIALECT, request, facts, holdMode }, candidates, Date.now()) : null;
    const limits = hold && (await this.limitsFor(asked.caller, hold.firstNanos, candidates));
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
      error: error && errorView(error),
    };
  }

  private limitsFor({ key }: Caller, requiredNanos: bigint, candidates: readonly OrderedCandidate[]) {
    return this.limits.facing({ key, requiredNanos, free: candidates.some(isFree) });
  }
}

/** As `error` of the answer that the request would get. */
const errorView = (error: GatewayError): object =>
  (dialectOf(DIALECT).renderError(error).body as { readonly error: object }).error;
