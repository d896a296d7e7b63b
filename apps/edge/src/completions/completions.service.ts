import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { ClientHeaders, DialectId } from '@switchyard/contracts';
import type { ActiveSpan } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { CreditService } from '../credit/credit.service.js';
import type { Hold } from '../credit/lease.js';
import { GenerationsService } from '../generations/generations.service.js';
import type { Claim } from '../idempotency/claim.js';
import { Idempotency } from '../idempotency/idempotency.service.js';
import { LoadService } from '../process/load.service.js';
import type { CacheWish } from '../response-cache/cache-wish.js';
import { CacheReplay } from '../response-cache/cache-replay.service.js';
import { ResponseCache } from '../response-cache/response-cache.service.js';
import type { OnAnswer } from '../response-cache/response-cache.service.js';
import { Stickiness } from '../stickiness/stickiness.service.js';
import { Admission } from './admission.service.js';
import type { AttemptOptions } from './attempt-options.js';
import { answerAttributes } from './answer-attributes.js';
import type { Answer } from './answer.js';
import { AnswerService } from './answer.service.js';
import type { ClientConnection } from './client-connection.js';
import type { ClientFacts, Generation } from './generation.js';
import type { HoldMode } from './hold-mode.js';
import { RequestPlans } from './request-plans.service.js';
import type { RequestPlan } from './request-plans.service.js';
import { tellRouting } from './routing-metadata.js';
import { settlementOf } from './settlement.js';

export interface CompletionInput {
  readonly id: string;
  readonly caller: Caller;
  readonly dialect: DialectId;
  readonly body: unknown;
  /** How the caller wants its money set aside. */
  readonly holdMode: HoldMode;
  readonly facts: ClientFacts;
  /** The client would rather have an error than an answer without one of its parameters. */
  readonly strict: boolean;
  /** The client wants to be told how its request was routed. */
  readonly tellsRouting: boolean;
  readonly clientHeaders: ClientHeaders;
  readonly options: AttemptOptions;
  /** What it wants of the response cache; null for nothing. */
  readonly cache: CacheWish | null;
  /** Told how it ended, where its answer is stored. */
  readonly onAnswer?: OnAnswer | undefined;
  /** Its client's key, under which it is served once; null without one. */
  readonly claim: Claim | null;
  readonly startedMs: number;
  readonly span: ActiveSpan;
}

/** The life of a generation, from the parsed body to the last byte and the books. */
@Injectable()
export class CompletionsService {
  constructor(
    private readonly plans: RequestPlans,
    private readonly admission: Admission,
    private readonly answers: AnswerService,
    private readonly credit: CreditService,
    private readonly generations: GenerationsService,
    private readonly load: LoadService,
    private readonly idempotency: Idempotency,
    private readonly cache: ResponseCache,
    private readonly replay: CacheReplay,
    private readonly stickiness: Stickiness,
  ) {}

  /** @throws GatewayError as long as nothing was sent; later errors are events of the stream. */
  async create(input: CompletionInput, client: ClientConnection): Promise<void> {
    const plan = this.plans.make({ ...input, sessionId: input.facts.sessionId });
    const story = { ...plan, attempts: [], tellsRouting: input.tellsRouting };
    try {
      if (plan.error) throw plan.error;
      await this.enter(input, plan, client);
    } catch (refusal) {
      // Errors of attempts know more of it themselves.
      throw refusal instanceof GatewayError && !refusal.routing ? tellRouting(refusal, story) : refusal;
    }
  }

  private async enter(input: CompletionInput, plan: RequestPlan, client: ClientConnection): Promise<void> {
    const leave = this.load.enter();
    try {
      const { cache: wish } = input;
      const { request } = plan;
      await this.idempotency.once(input.claim, () =>
        this.cache.through(
          wish && { ...input, wish, request },
          client,
          (cached) => this.replay.give({ ...input, request }, cached, client),
          (onAnswer = input.onAnswer) => this.admitAndServe({ ...input, onAnswer }, plan, client),
        ),
      );
    } finally {
      // A process that stops waits for the books and for the last byte to be with the client.
      client.whenOver(leave);
    }
  }

  private async admitAndServe(
    input: CompletionInput,
    { request, facts, candidates: routed, verdicts, stay }: RequestPlan,
    client: ClientConnection,
  ): Promise<void> {
    const admitted = await this.admission.admit(
      { caller: input.caller, dialect: input.dialect, holdMode: input.holdMode, request, facts },
      routed,
    );
    const { hold, steps, admittedAtMs, candidates } = admitted;
    const generation: Generation = {
      id: input.id,
      caller: input.caller,
      claim: input.claim,
      dialect: input.dialect,
      request,
      body: Buffer.from(JSON.stringify(input.body)),
      client: { ...input.facts, sessionId: request.sessionId ?? input.facts.sessionId },
      clientHeaders: input.clientHeaders,
      ...(input.strict && { strict: true }),
      ...(input.tellsRouting && { tellsRouting: true }),
      options: input.options,
      stay,
      candidates,
      verdicts,
      hold,
      steps,
      promptBytes: facts.promptBytes,
      admittedAtMs,
      startedMs: input.startedMs,
      attempts: [],
      answered: input.onAnswer && ((answer) => input.onAnswer?.(generation, answer)),
    };
    await this.serve(generation, hold, client, input.span);
  }

  /** Answers what was admitted, settles its hold and tells of it. @throws GatewayError as long as nothing was sent */
  async serve(generation: Generation, hold: Hold, client: ClientConnection, span: ActiveSpan): Promise<void> {
    let answer: Answer | null = null;
    try {
      answer = await this.answers.give(generation, hold.lease, client);
      if (answer.error && !answer.delivered) throw answer.error;
    } finally {
      if (answer?.ending.kind !== 'nothing') generation.claim?.keep();
      this.settle(generation, hold, answer);
      if (answer) {
        span.setAttributes(answerAttributes(answer));
        this.generations.finished(generation, answer, client.firstByteAtMs);
        generation.answered?.(answer);
        if (generation.stay) this.stickiness.learn(generation.stay, generation, answer);
      }
    }
  }

  /** Without an answer (a fault of ours) somebody may have used something: the bound stays until the ledger tells. */
  private settle(generation: Generation, hold: Hold, answer: Answer | null): void {
    generation.steps?.end();
    const ending = answer?.ending ?? ({ kind: 'unknown' } as const);
    const told = answer?.served?.attempt ?? generation.attempts.at(-1);
    const worker = told?.worker ?? null;
    const settlement = settlementOf({ generationId: generation.id, worker }, ending, hold.boundNanos);
    this.credit.settle(hold, settlement);
    if (ending.kind === 'witnessed' && settlement.event) this.generations.publishUsage(settlement.event);
  }
}
