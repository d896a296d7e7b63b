import { Buffer } from 'node:buffer';
import { GatewayError, usdNumber } from '@switchyard/contracts';
import type { UpstreamFailure } from '@switchyard/contracts';
import type { Billing, Lane, LaneSummary, RenderContext } from '../types.js';
import { amountsOf } from './job-usage.js';
import type { PlannedJob, ReadJob } from './types.js';

/** What is known of an answer before it has come. */
export const NOTHING_SAID: LaneSummary = {
  usage: null,
  partialUsage: null,
  upstreamCostUsd: null,
  finishReason: null,
  nativeFinishReason: null,
  upstreamId: null,
  outputCharacters: 0,
  outputBytes: 0,
  toolCallCount: 0,
  terminal: false,
  failure: null,
  toolCalls: null,
};

/** What carries the answer of a job to its client: always in one piece, with the gateway's id and the bill. */
export class JobLane implements Lane {
  readonly contentType: string;
  private answer: ReadJob | UpstreamFailure | null = null;

  constructor(
    private readonly planned: PlannedJob,
    private readonly context: RenderContext,
  ) {
    this.contentType = planned.form?.contentType ?? 'application/json';
  }

  response(body: string): void {
    this.answer = this.planned.read(body);
  }

  get summary(): LaneSummary {
    const { answer } = this;
    const known: LaneSummary = { ...NOTHING_SAID, partialUsage: this.planned.estimate ?? null };
    if (!answer) return known;
    if ('code' in answer) return { ...known, failure: answer };
    const { usage, upstreamId } = answer;
    // There is no other way to end for what is there as a whole.
    const ended = { finishReason: 'stop', nativeFinishReason: 'stop', terminal: true } as const;
    return { ...known, ...ended, usage, upstreamId };
  }

  renderResponse(billing: Billing): Uint8Array {
    const { generationId, created, model, providerName } = this.context;
    const { request, form } = this.planned;
    const body = this.answer && 'body' in this.answer ? this.answer.body : {};
    const members = {
      ...(request.job === 'image' && { created }),
      id: generationId,
      ...body,
      model,
      provider: providerName,
      usage: this.usage(billing),
    };
    return Buffer.from(form ? form.write(members) : JSON.stringify(members));
  }

  readonly done = false;

  push(): Uint8Array | null {
    throw new GatewayError('internal', { message: 'A job is answered in one piece.' });
  }

  finish(): Uint8Array | null {
    throw new GatewayError('internal', { message: 'A job is answered in one piece.' });
  }

  renderEnd(): Uint8Array {
    throw new GatewayError('internal', { message: 'A job is answered in one piece.' });
  }

  /** `usage` of the public API (spec, schemas of the answers), with a source as in completions. */
  private usage(billing: Billing): Record<string, unknown> {
    const { usage, costNanos, listCostNanos, promptCostNanos, completionCostNanos, isOwnKey } = billing;
    return {
      ...amountsOf(this.planned.request.job, usage),
      cost: usdNumber(costNanos),
      is_byok: isOwnKey ?? false,
      usage_source: usage.source,
      cost_details: {
        upstream_inference_cost: usdNumber(listCostNanos ?? costNanos),
        upstream_inference_prompt_cost: usdNumber(promptCostNanos),
        upstream_inference_completions_cost: usdNumber(completionCostNanos),
      },
    };
  }
}
