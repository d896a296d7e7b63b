import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { CompletionRequest, DialectId } from '@switchyard/contracts';
import { dialectOf, requestFacts } from '@switchyard/protocols';
import type { RequestFacts } from '@switchyard/protocols';
import type { Caller } from '../callers/caller.js';
import type { OrderedCandidate, Routing } from '../routing/index.js';
import { policiesOf, underPolicies } from '../routing/policies.js';
import { RoutingService } from '../routing/routing.service.js';
import { Stickiness } from '../stickiness/stickiness.service.js';
import type { Stay } from '../stickiness/stickiness.service.js';
import { withAffinity } from './reasoning-affinity.js';
import { strictCandidates } from './strict.js';

/** A request as it came, with what decides where it may go. */
export interface AskedRequest {
  readonly caller: Caller;
  readonly dialect: DialectId;
  readonly body: unknown;
  /** The client would rather have an error than an answer without one of its parameters. */
  readonly strict: boolean;
  /** `x-session-id`; the body may have one, too. */
  readonly sessionId: string | null;
}

/** What is asked, and who would be asked for it. */
export interface RequestPlan extends Pick<Routing, 'verdicts'> {
  /** Under the policies of key and workspace. */
  readonly request: CompletionRequest;
  readonly facts: RequestFacts;
  /** In the order in which they are to be tried; empty exactly when there is an error. */
  readonly candidates: readonly OrderedCandidate[];
  readonly error: GatewayError | null;
  /** The conversation that it belongs to. */
  readonly stay: Stay;
}

/** Every step from a body to the candidates, for requests and for those who only ask about them. */
@Injectable()
export class RequestPlans {
  constructor(
    private readonly routing: RoutingService,
    private readonly stickiness: Stickiness,
  ) {}

  /** Of a request that will be made: a half-open endpoint that comes first is claimed. @throws GatewayError for a body that cannot be read */
  make(asked: AskedRequest): RequestPlan {
    return this.plan(asked, (...of) => this.routing.candidatesFor(...of));
  }

  /** Of a request that will not: nothing is changed. @throws as {@link make} */
  look(asked: AskedRequest): RequestPlan {
    return this.plan(asked, (...of) => this.routing.lookFor(...of));
  }

  private plan(
    { caller, dialect, body, strict, sessionId }: AskedRequest,
    route: RoutingService['lookFor'],
  ): RequestPlan {
    const policies = policiesOf(caller.key);
    const request = underPolicies(dialectOf(dialect).parseRequest(body), policies);
    const facts = requestFacts(request);
    const stay = this.stickiness.stayOf(caller.key, request, sessionId);
    const { candidates: routed, verdicts, error } = route(request, facts, { policies, pins: stay });
    const able = error ?? (strict ? expected(() => strictCandidates(request, routed)) : routed);
    const refused = able instanceof GatewayError;
    return {
      request,
      facts,
      verdicts,
      stay,
      candidates: refused ? [] : withAffinity(request, stay.sealed, able),
      error: refused ? able : null,
    };
  }
}

/** That nobody takes all parameters is known of a plan, and no surprise. */
function expected<T>(work: () => T): T | GatewayError {
  try {
    return work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
