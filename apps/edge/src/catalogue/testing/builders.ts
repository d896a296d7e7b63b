import { parsePricePicos } from '@switchyard/contracts';
import type { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';

/** An endpoint for tests: `usdPerMillion` is both its prompt and its completion price. */
export function anEndpoint({
  modelId = 'acme/large',
  tag = 'acme',
  usdPerMillion = 1,
  ...fields
}: Partial<CatalogueEndpoint> & { readonly usdPerMillion?: number } = {}): CatalogueEndpoint {
  const [provider = tag] = tag.split('/', 1);
  const perToken = parsePricePicos((usdPerMillion / 1_000_000).toFixed(12));
  return {
    id: `${tag}:${modelId}`,
    modelId,
    provider,
    providerName: provider.charAt(0).toUpperCase() + provider.slice(1),
    tag,
    upstreamModel: modelId.slice(modelId.indexOf('/') + 1),
    contextLength: 128_000,
    maxCompletionTokens: null,
    maxPromptTokens: null,
    quantization: 'unknown',
    inputModalities: ['text'],
    outputModalities: ['text'],
    supportedParameters: ['temperature', 'max_tokens', 'tools', 'tool_choice', 'response_format'],
    supportsImplicitCaching: false,
    reasoning: null,
    dataPolicy: null,
    price: { version: 'v1', prompt: perToken, completion: perToken },
    ...fields,
  };
}

/** A model for tests; the endpoints given are made its own. */
export function aModel({ id = 'acme/large', endpoints, ...fields }: Partial<CatalogueModel> = {}): CatalogueModel {
  const own = (endpoints ?? [anEndpoint()]).map((endpoint) => ({
    ...endpoint,
    modelId: id,
    id: `${endpoint.tag}:${id}`,
  }));
  return {
    id,
    canonicalSlug: id,
    name: id,
    author: id.split('/', 1)[0] ?? id,
    created: 1_700_000_000,
    contextLength: 128_000,
    maxCompletionTokens: null,
    inputModalities: ['text'],
    outputModalities: ['text'],
    tokenizer: null,
    instructType: null,
    huggingFaceId: null,
    knowledgeCutoff: null,
    expirationDate: null,
    isModerated: false,
    defaultParameters: null,
    reasoning: null,
    endpoints: own,
    ...fields,
  };
}
