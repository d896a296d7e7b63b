import { CatalogueEndpoint, usageOf } from '@switchyard/contracts';
import type { CompletionRequest, ProtocolId } from '@switchyard/contracts';
import { createLane, dialectOf } from '../index.js';
import { LISTED_PARAMETERS } from '../parameters.js';
import type { Billing, Lane, RenderContext } from '../types.js';

export const context: RenderContext = {
  generationId: 'gen-1790000000-AbCdEfGhIjKlMnOpQrSt',
  created: 1_790_000_000,
  model: 'author/model',
  providerName: 'Provider',
};

export const billing: Billing = {
  usage: usageOf({
    source: 'reported',
    inputTokens: 10,
    cacheReadTokens: 5,
    outputTokens: 7,
    reasoningTokens: 3,
    requests: 1,
  }),
  costNanos: 1_250n,
  promptCostNanos: 250n,
  completionCostNanos: 1_000n,
};

/** A request through the dialect; `fields` replace those of the simplest one. */
export const requestOf = (fields: Record<string, unknown> = {}): CompletionRequest =>
  dialectOf('openai-chat').parseRequest(bodyOf(fields));

export const bodyOf = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  model: 'author/model',
  messages: [{ role: 'user', content: 'Hello' }],
  ...fields,
});

/** An endpoint that takes everything, unless said otherwise. */
export const endpointOf = (fields: Partial<CatalogueEndpoint> = {}): CatalogueEndpoint => ({
  id: 'provider:author/model',
  modelId: 'author/model',
  provider: 'provider',
  providerName: 'Provider',
  tag: 'provider',
  upstreamModel: 'upstream-model',
  contextLength: 200_000,
  maxCompletionTokens: 64_000,
  maxPromptTokens: null,
  quantization: 'unknown',
  inputModalities: ['text', 'image', 'file'],
  outputModalities: ['text'],
  supportedParameters: [...LISTED_PARAMETERS],
  supportsImplicitCaching: false,
  reasoning: null,
  dataPolicy: null,
  price: { version: '1', prompt: 1n, completion: 1n },
  ...fields,
});

export const laneOf = (protocol: ProtocolId, fields: Record<string, unknown> = {}): Lane =>
  createLane({ dialect: 'openai-chat', protocol, context, request: requestOf({ stream: true, ...fields }) });
