import { completionTokens, promptTokens } from '@switchyard/contracts';
import type { SpanAttributes } from '@switchyard/telemetry';
import { usageOfAnswer } from './answer.js';
import type { Answer } from './answer.js';

/** What a span says of an answer, in the words of OpenTelemetry's conventions for generative AI; never its text. */
export function answerAttributes(answer: Answer): SpanAttributes {
  const event = usageOfAnswer(answer);
  return {
    ...(answer.served && {
      'gen_ai.provider.name': answer.served.candidate.endpoint.provider,
      'gen_ai.response.model': answer.served.candidate.model.id,
    }),
    ...(event && {
      'gen_ai.usage.input_tokens': promptTokens(event.usage),
      'gen_ai.usage.output_tokens': completionTokens(event.usage),
    }),
    ...(event?.finishReason && { 'gen_ai.response.finish_reasons': [event.finishReason] }),
    ...(answer.error && { 'error.type': answer.error.code }),
    'switchyard.cancelled': answer.cancelled,
  };
}
