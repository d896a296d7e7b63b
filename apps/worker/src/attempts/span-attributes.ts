import { completionTokens, operationOf, promptTokens } from '@switchyard/contracts';
import type { AttemptCall, ErrorCode, Usage } from '@switchyard/contracts';
import type { LaneSummary } from '@switchyard/protocols';
import type { SpanAttributes } from '@switchyard/telemetry';
import type { WorkerConfig } from '../config.js';

/** Attributes of a call of a provider by the semantic conventions for generative AI. No text of prompts or answers. */
export const requestAttributes = (call: AttemptCall, { baseUrl }: WorkerConfig): SpanAttributes => ({
  'gen_ai.operation.name': operationOf(call.job),
  ...(call.job && { 'switchyard.job': call.job }),
  'gen_ai.provider.name': call.endpoint.provider,
  'gen_ai.request.model': call.endpoint.upstreamModel,
  'server.address': new URL(baseUrl).hostname,
  'switchyard.generation.id': call.generationId,
  'switchyard.attempt.number': call.attempt,
  'switchyard.endpoint.id': call.endpoint.id,
});

export const resultAttributes = (
  summary: LaneSummary,
  usage: Usage | null,
  errorCode: ErrorCode | null,
): SpanAttributes => ({
  ...(summary.upstreamId !== null && { 'gen_ai.response.id': summary.upstreamId }),
  ...(summary.finishReason !== null && { 'gen_ai.response.finish_reasons': [summary.finishReason] }),
  ...(usage && {
    'gen_ai.usage.input_tokens': promptTokens(usage),
    'gen_ai.usage.output_tokens': completionTokens(usage),
  }),
  ...(errorCode !== null && { 'error.type': errorCode }),
});
