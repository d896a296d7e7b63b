import type { CatalogueEndpoint, CompletionRequest } from '@switchyard/contracts';
import { requestFacts } from './request-facts.js';

/** Few texts have more tokens than a third of their bytes, and a picture has seldom more than this. */
const BYTES_PER_TOKEN = 3;
const TOKENS_PER_IMAGE = 1_600;
/** The guess is cautious, so that a prompt that seems to leave nothing may leave a good deal. */
const LEAST_OUTPUT_TOKENS = 1_024;

/**
 * `max_tokens` for formats that want one where the client named none: what the endpoint can write at most, or what the prompt leaves
 * of its context, because a default must not make a prompt too long that is not (spec 3.11). What the client names itself is never
 * changed.
 * @param unknown for endpoints whose largest output nobody knows
 */
export function outputTokens(
  request: CompletionRequest,
  { maxCompletionTokens, contextLength }: CatalogueEndpoint,
  unknown: number,
): number {
  if (request.maxTokens !== undefined) return request.maxTokens;
  const most = maxCompletionTokens ?? unknown;
  const { promptBytes, images } = requestFacts(request);
  const room = contextLength - Math.ceil(promptBytes / BYTES_PER_TOKEN) - images * TOKENS_PER_IMAGE;
  return Math.min(most, Math.max(room, LEAST_OUTPUT_TOKENS));
}
