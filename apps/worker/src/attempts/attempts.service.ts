import { Inject, Injectable, Logger } from '@nestjs/common';
import { StreamStrategy } from '@switchyard/bus';
import type { StreamContext } from '@switchyard/bus';
import { GatewayError, operationOf, usageEventWire } from '@switchyard/contracts';
import type { AttemptCall, AttemptFailure, UsageEvent } from '@switchyard/contracts';
import { costsNothing } from '@switchyard/pricing';
import { instruments, isTracing, withSpan } from '@switchyard/telemetry';
import type { ActiveSpan } from '@switchyard/telemetry';
import { KeyRing } from '../authorization/key-ring.js';
import { secretsOf } from '../authorization/authorizer.js';
import { WORKER_CONFIG } from '../config.js';
import type { WorkerConfig } from '../config.js';
import { DrainSlots } from '../upstream/drain-slots.js';
import { attemptFailure, maskerOf } from '../upstream/failure.js';
import { UpstreamClient } from '../upstream/upstream.client.js';
import { usageEventOf } from '../usage/usage-event.js';
import { UsageReporter } from '../usage/usage.reporter.js';
import { Attempt } from './attempt.js';
import type { Ending } from './ending.js';
import { KnownEndpoints } from './known-endpoints.js';
import { OutcomeReporter } from './outcome.reporter.js';
import { planAttempt, readCall } from './plan.js';
import type { Plan } from './plan.js';
import { ServedAttempts } from './served-attempts.js';
import { requestAttributes, resultAttributes } from './span-attributes.js';

/** Serves attempts: one call of the provider each, one last frame each, and at most one entry for the ledger. */
@Injectable()
export class AttemptsService {
  private readonly logger = new Logger(AttemptsService.name);
  private readonly endpoints = new KnownEndpoints();
  private readonly mask: (text: string) => string;
  /** Plans that were made while an edge made up its mind, or why there can be none. */
  private readonly planned = new WeakMap<StreamContext, () => Plan>();

  constructor(
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    private readonly upstream: UpstreamClient,
    private readonly keys: KeyRing,
    private readonly slots: DrainSlots,
    private readonly served: ServedAttempts,
    private readonly usage: UsageReporter,
    private readonly outcomes: OutcomeReporter,
    private readonly strategy: StreamStrategy,
  ) {
    this.mask = maskerOf(secretsOf(config));
    strategy.onClaim((context) => this.planned.set(context, this.tryPlan(context)));
  }

  async serve(context: StreamContext): Promise<void> {
    let plan: Plan;
    try {
      plan = this.planOf(context);
    } catch (error) {
      return context.fail(this.refusal(error));
    }
    const { call } = plan;
    await withSpan(
      `${operationOf(call.job)} ${call.endpoint.upstreamModel}`,
      () => requestAttributes(call, this.config),
      (span) => this.attempt(context, plan, span),
      'client',
    );
  }

  private planOf(context: StreamContext): Plan {
    const plan = (this.planned.get(context) ?? this.tryPlan(context))();
    if (!this.served.begin(plan.call.generationId, plan.call.attempt)) throw new GatewayError('conflict');
    return plan;
  }

  /** The plan, or what is wrong with the call, for when it is asked for: a claim that is never confirmed fails nobody. */
  private tryPlan(context: StreamContext): () => Plan {
    try {
      const call = readCall(context.meta, this.endpoints);
      // Probes are on nobody's books, so they may ask only where asking is free.
      if (call.probe && !costsNothing(call.endpoint.price)) throw new GatewayError('no_endpoints');
      const plan = planAttempt(call, context.body, this.config);
      return () => plan;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  private async attempt(context: StreamContext, plan: Plan, span: ActiveSpan): Promise<void> {
    const attempt = new Attempt(context, plan, {
      upstream: this.upstream,
      keys: this.keys,
      slots: this.slots,
      stopsBilling: this.stopsBilling(plan.call),
      workerId: this.strategy.workerId,
    });
    const ending = await counted(() => attempt.run());
    const errorCode = ending.kind === 'fail' ? ending.failure.code : null;
    const { timing } = attempt;
    const cancelled = attempt.cancelled || attempt.superseded;
    // What the client still gets must be under way before the last frame.
    if (ending.kind === 'end') await attempt.deliver(ending);
    const event = attempt.superseded ? null : this.eventOf(plan, attempt, ending);
    await this.finish(context, attempt, ending, event);
    if (isTracing()) span.setAttributes(resultAttributes(plan.lane.summary, ending.usage, errorCode));
    const { finishReason, toolCalls } = plan.lane.summary;
    this.outcomes.report({
      call: plan.call,
      timing,
      usage: ending.usage,
      errorCode,
      cancelled,
      toolCalls: finishReason === 'tool_calls' ? toolCalls : null,
    });
  }

  private eventOf({ lane }: Plan, attempt: Attempt, ending: Ending): UsageEvent | null {
    const { call, timing, cancelled } = attempt;
    if (ending.usage === null || call.probe) return null;
    const { outcome, usage } = ending;
    const cost = attempt.costOf(usage);
    const event = usageEventOf({ call, outcome, usage, cost, summary: lane.summary, cancelled, timing });
    return 'stopped' in ending ? { ...event, finishReason: 'length', nativeFinishReason: null } : event;
  }

  private async finish(
    context: StreamContext,
    attempt: Attempt,
    ending: Ending,
    event: UsageEvent | null,
  ): Promise<void> {
    // A client that left ended the generation by itself: what it pays is told here.
    const leftToEdge = attempt.call.continuable === true && ending.kind === 'fail' && !attempt.cancelled;
    const wire = event && usageEventWire(event);
    if (wire) this.usage.report(wire, context.delivered, { leftToEdge });
    if (ending.kind === 'end') return context.end({ usage: wire });
    const { phase, progress } = attempt;
    const failure = attemptFailure(ending.failure, { phase, status: progress.status, mask: this.mask });
    await context.fail({ ...failure, usage: event });
  }

  /** A provider may stop the bill of a stream and not of a whole answer; one of our own stops both. */
  private stopsBilling(call: AttemptCall): boolean {
    const { provider } = this.config;
    return provider.stopsBillingOnAbort && (call.stream || !provider.keyRequired);
  }

  /** The failure of a call that never got as far as the provider. */
  private refusal(error: unknown): AttemptFailure {
    const known = error instanceof GatewayError ? error : new GatewayError('internal', { cause: error });
    if (known.code === 'internal') this.logger.error(known.message, placeOf(known.cause));
    const failure = { code: known.code, message: known.message, retryable: known.definition.retryable };
    return attemptFailure(failure, { phase: 'body', status: null, mask: this.mask });
  }
}

/** Where an unexpected error came from. Its message is left out: it can quote the request. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return [error.name, ...frames].join('\n');
}

async function counted<T>(work: () => Promise<T>): Promise<T> {
  instruments.streamsInFlight.add(1);
  try {
    return await work();
  } finally {
    instruments.streamsInFlight.add(-1);
  }
}
