import { Injectable } from '@nestjs/common';
import type { CompletionRequest, JobId } from '@switchyard/contracts';
import { packJobBody, parseJob } from '@switchyard/protocols';
import type { JobBody, JobRequest } from '@switchyard/protocols';
import type { ActiveSpan } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import type { ClientConnection } from '../completions/client-connection.js';
import { CompletionsService } from '../completions/completions.service.js';
import type { ClientFacts, Generation } from '../completions/generation.js';
import type { Claim } from '../idempotency/claim.js';
import { Idempotency } from '../idempotency/idempotency.service.js';
import { LoadService } from '../process/load.service.js';
import type { CacheWish } from '../response-cache/cache-wish.js';
import { CacheReplay } from '../response-cache/cache-replay.service.js';
import { ResponseCache } from '../response-cache/response-cache.service.js';
import type { OnAnswer } from '../response-cache/response-cache.service.js';
import type { Routing } from '../routing/index.js';
import { policiesOf, underPolicies } from '../routing/policies.js';
import { RoutingService } from '../routing/routing.service.js';
import { JobAdmission } from './job-admission.service.js';
import { ERROR_DIALECT, factsOfJob, requestOfJob } from './job-generation.js';

export interface JobInput {
  readonly id: string;
  readonly job: JobId;
  readonly caller: Caller;
  readonly body: JobBody;
  readonly facts: ClientFacts;
  /** What it wants of the response cache; null for nothing. */
  readonly cache: CacheWish | null;
  /** Its client's key, under which it is served once; null without one. */
  readonly claim: Claim | null;
  readonly startedMs: number;
  readonly span: ActiveSpan;
}

/** The life of a job until it is admitted; from there on it is a generation like others. */
@Injectable()
export class JobsService {
  constructor(
    private readonly routing: RoutingService,
    private readonly admission: JobAdmission,
    private readonly completions: CompletionsService,
    private readonly load: LoadService,
    private readonly idempotency: Idempotency,
    private readonly cache: ResponseCache,
    private readonly replay: CacheReplay,
  ) {}

  /** @throws GatewayError as long as nothing was sent. */
  async create(input: JobInput, client: ClientConnection): Promise<void> {
    const asked = parseJob(input.job, input.body);
    const policies = policiesOf(input.caller.key);
    const request = underPolicies(requestOfJob(asked), policies);
    const routing = this.routing.candidatesFor(request, factsOfJob(asked), { policies });
    if (routing.error) throw routing.error;
    const leave = this.load.enter();
    try {
      const served = { ...input, request, dialect: ERROR_DIALECT, strict: false, clientHeaders: {} };
      await this.idempotency.once(input.claim, () =>
        this.cache.through(
          input.cache && { ...served, wish: input.cache },
          client,
          (cached) => this.replay.give(served, cached, client),
          (onAnswer) => this.admitAndServe({ ...input, onAnswer }, { ...asked, request }, routing, client),
        ),
      );
    } finally {
      client.whenOver(leave);
    }
  }

  private async admitAndServe(
    input: JobInput & { readonly onAnswer: OnAnswer | undefined },
    asked: JobRequest & { readonly request: CompletionRequest },
    { candidates: routed, verdicts }: Routing,
    client: ClientConnection,
  ): Promise<void> {
    const { hold, admittedAtMs, candidates } = await this.admission.admit(input.caller, asked.size, routed);
    const generation: Generation = {
      id: input.id,
      caller: input.caller,
      claim: input.claim,
      dialect: ERROR_DIALECT,
      job: input.job,
      request: asked.request,
      body: packJobBody(input.body),
      client: { ...input.facts, sessionId: asked.sessionId ?? input.facts.sessionId },
      clientHeaders: {},
      candidates,
      verdicts,
      hold,
      steps: null,
      promptBytes: asked.size.promptBytes,
      ...(asked.size.pieces && { pieces: asked.size.pieces }),
      admittedAtMs,
      startedMs: input.startedMs,
      attempts: [],
      answered: input.onAnswer && ((answer) => input.onAnswer?.(generation, answer)),
    };
    await this.completions.serve(generation, hold, client, input.span);
  }
}
