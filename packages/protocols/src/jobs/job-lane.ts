import { Buffer } from 'node:buffer';
import { GatewayError, promptTokens, usdNumber } from '@switchyard/contracts';
import type { UpstreamFailure } from '@switchyard/contracts';
import type { Billing, Lane, LaneSummary, RenderContext } from '../types.js';
import type { PlannedJob, ReadJob } from './types.js';

const NOTHING: LaneSummary = {
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
  private answer: ReadJob | UpstreamFailure | null = null;

  constructor(
    private readonly planned: PlannedJob,
    private readonly context: RenderContext,
  ) {}

  response(body: string): void {
    this.answer = this.planned.read(body);
  }

  get summary(): LaneSummary {
    const { answer } = this;
    if (!answer) return NOTHING;
    if ('code' in answer) return { ...NOTHING, failure: answer };
    const { usage, upstreamId } = answer;
    // There is no other way to end for what is there as a whole.
    const ended = { finishReason: 'stop', nativeFinishReason: 'stop', terminal: true } as const;
    return { ...NOTHING, ...ended, usage, upstreamId };
  }

  renderResponse(billing: Billing): Uint8Array {
    const { generationId, model, providerName } = this.context;
    const body = this.answer && 'body' in this.answer ? this.answer.body : {};
    return Buffer.from(
      JSON.stringify({ id: generationId, ...body, model, provider: providerName, usage: this.usage(billing) }),
    );
  }

  stream(): AsyncGenerator<Uint8Array> {
    throw new GatewayError('internal', { message: 'A job is answered in one piece.' });
  }

  renderEnd(): Uint8Array {
    throw new GatewayError('internal', { message: 'A job is answered in one piece.' });
  }

  /** `usage` of the public API (spec, `CreateEmbeddingsResponseBody` and `CreateRerankResponseBody`), with a source as in completions. */
  private usage({ usage, costNanos, listCostNanos, promptCostNanos, isOwnKey }: Billing): Record<string, unknown> {
    const tokens = promptTokens(usage);
    return {
      ...this.amounts(tokens, usage.requests),
      cost: usdNumber(costNanos),
      is_byok: isOwnKey ?? false,
      usage_source: usage.source,
      cost_details: {
        upstream_inference_cost: usdNumber(listCostNanos ?? costNanos),
        upstream_inference_prompt_cost: usdNumber(promptCostNanos),
        upstream_inference_completions_cost: 0,
      },
    };
  }

  /** A rerank is billed by the search or by the token, and shows what it was billed by. */
  private amounts(tokens: number, requests: number): Record<string, number> {
    if (this.planned.request.job === 'embeddings') return { prompt_tokens: tokens, total_tokens: tokens };
    return tokens > 0 ? { total_tokens: tokens } : { search_units: requests };
  }
}
