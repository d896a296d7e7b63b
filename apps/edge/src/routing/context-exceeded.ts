import { GatewayError } from '@switchyard/contracts';
import { availability } from './availability.js';
import type { AvailabilityFacts } from './availability.js';
import { estimatePromptTokens } from './filters/context-length.js';
import type { RequestedModel } from './model-expression.js';
import type { RoutingInput } from './routing.js';

/** The error for a request that is clearly longer than every context that is left, in OpenRouter's words (spec 3.11). */
export function contextExceeded(
  { request, facts }: RoutingInput,
  models: readonly RequestedModel[],
  availabilityFacts: Omit<AvailabilityFacts, 'code' | 'retryable'>,
): GatewayError {
  const contextLength = Math.max(
    ...models.flatMap(({ prepared }) => prepared.endpoints.map(({ endpoint }) => endpoint.contextLength)),
  );
  const prompt = estimatePromptTokens(facts.promptBytes);
  const toolBytes = request.tools ? Buffer.byteLength(JSON.stringify(request.tools)) : 0;
  const tools = Math.min(prompt, estimatePromptTokens(toolBytes));
  const output = request.maxTokens ?? 0;
  const parts = [
    `${prompt - tools} of text input`,
    ...(tools > 0 ? [`${tools} of tool input`] : []),
    ...(output > 0 ? [`${output} in the output`] : []),
  ];
  return new GatewayError('context_length_exceeded', {
    message:
      `This endpoint's maximum context length is ${contextLength} tokens. However, you requested about ` +
      `${prompt + output} tokens (${parts.join(', ')}). Please reduce the length of either one.`,
    metadata: availability({
      ...availabilityFacts,
      code: 'constraint_filtered',
      retryable: false,
      constraint: { field: 'context_length', detail: `The longest context of the model is ${contextLength} tokens.` },
    }),
  });
}
