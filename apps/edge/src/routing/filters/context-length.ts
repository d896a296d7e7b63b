import type { CompletionRequest } from '@switchyard/contracts';
import type { PreparedEndpoint } from '../../catalogue/prepared-model.js';
import type { RoutingFacts } from '../routing.js';
import type { Filter, FilterFactory } from './filter.js';

/** Few texts have more tokens than a third of their bytes: an endpoint with room for that surely fits. */
const CAUTIOUS_BYTES_PER_TOKEN = 3;
/** Hardly any text has fewer tokens than a sixth of its bytes: what does not fit even so is clearly too long. */
const GENEROUS_BYTES_PER_TOKEN = 6;

/** Tokens of the prompt, guessed from its bytes: for the filter and for the error message, never for money. */
export const estimatePromptTokens = (promptBytes: number): number => Math.ceil(promptBytes / CAUTIOUS_BYTES_PER_TOKEN);

/** Endpoints whose context the request may not fit into, by the cautious guess. */
export const roomyContext: FilterFactory = ({ request, facts }) =>
  contextFilter(request, facts, CAUTIOUS_BYTES_PER_TOKEN);

/** Endpoints whose context the request cannot fit into, by the generous guess. */
export const contextLength: FilterFactory = ({ request, facts }) =>
  contextFilter(request, facts, GENEROUS_BYTES_PER_TOKEN);

function contextFilter(request: CompletionRequest, { promptBytes }: RoutingFacts, bytesPerToken: number): Filter {
  const promptTokens = Math.ceil(promptBytes / bytesPerToken);
  // Without `max_tokens` the output is clamped to what is left of the context, so it takes no room of its own.
  const totalTokens = promptTokens + (request.maxTokens ?? 0);
  return {
    reason: 'context_length',
    keeps: ({ endpoint }: PreparedEndpoint) =>
      totalTokens <= endpoint.contextLength && promptTokens <= (endpoint.maxPromptTokens ?? endpoint.contextLength),
  };
}
