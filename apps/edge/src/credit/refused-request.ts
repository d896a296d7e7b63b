import type { ApiKey } from '@switchyard/contracts';
import { boundOf, mostPromptTokens } from '@switchyard/pricing';
import type { BoundInput, PricedEndpoint } from '@switchyard/pricing';
import { affordableTokens } from './affordable.js';
import type { RefusedRequest } from './refusal.js';

export interface UnaffordableRequest {
  readonly key: ApiKey;
  readonly boundNanos: bigint;
  readonly input: BoundInput;
  readonly endpoints: readonly PricedEndpoint[];
}

/** What a caller who is refused wants to know: how much of what was asked for is affordable. */
export function refusedRequest(request: UnaffordableRequest, affordableNanos: bigint): RefusedRequest {
  const { key, boundNanos, input, endpoints } = request;
  const requestedTokens = input.maxTokens ?? Math.max(...endpoints.map(outputLimit));
  const promptTokensOf = (size: BoundInput) =>
    Math.max(...endpoints.map((endpoint) => mostPromptTokens(size, endpoint)));
  // An answer has at least one token, so a prompt that leaves no money for it is not affordable either.
  const ofPromptBytes = (promptBytes: number): BoundInput => ({ ...input, promptBytes, maxTokens: 1 });
  const boundOfTokens = (maxTokens: number) => boundOf({ ...input, maxTokens }, endpoints);
  const outputIsLimited = boundOfTokens(1) < boundOfTokens(2);
  const promptBytes = outputIsLimited
    ? affordableTokens((bytes) => boundOf(ofPromptBytes(bytes), endpoints), affordableNanos, input.promptBytes)
    : input.promptBytes;
  return {
    key,
    boundNanos,
    requestedTokens,
    affordableTokens: affordableTokens(boundOfTokens, affordableNanos, requestedTokens),
    promptTokens: promptTokensOf(input),
    affordablePromptTokens: promptBytes === 0 ? 0 : promptTokensOf(ofPromptBytes(promptBytes)),
  };
}

const outputLimit = ({ maxCompletionTokens, contextLength }: PricedEndpoint): number =>
  maxCompletionTokens ?? contextLength;
