import { Injectable } from '@nestjs/common';
import type { CompletionRequest, JobId } from '@switchyard/contracts';
import { parseJob } from '@switchyard/protocols';
import type { JobRequest } from '@switchyard/protocols';
import type { ActiveSpan } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import type { ClientConnection } from '../completions/client-connection.js';
import { CompletionsService } from '../completions/completions.service.js';
import type { ClientFacts, Generation } from '../completions/generation.js';
import type { Claim } from '../idempotency/claim.js';
import { Idempotency } from '../idempotency/idempotency.service.js';
import { LoadService } from '../process/load.service.js';
import type { Routing } from '../routing/index.js';
import { policiesOf, underPolicies } from '../routing/policies.js';
import { RoutingService } from '../routing/routing.service.js';
import { JobAdmission } from './job-admission.service.js';
import { ERROR_DIALECT, factsOfJob, requestOfJob } from './job-generation.js';

export interface JobInput {
  readonly id: string;
  readonly job: JobId;
  readonly caller: Caller;
  readonly body: unknown;
  readonly facts: ClientFacts;
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
      await this.idempotency.once(input.claim, () => this.admitAndServe(input, { ...asked, request }, routing, client));
    } finally {
      client.whenOver(leave);
    }
  }

  private async admitAndServe(
    input: JobInput,
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
      body: Buffer.from(JSON.stringify(input.body)),
      client: { ...input.facts, sessionId: asked.sessionId ?? input.facts.sessionId },
      clientHeaders: {},
      candidates,
      verdicts,
      boundNanos: hold.boundNanos,
      steps: null,
      promptBytes: asked.size.promptBytes,
      admittedAtMs,
      startedMs: input.startedMs,
      attempts: [],
    };
    await this.completions.serve(generation, hold, client, input.span);
  }
}
