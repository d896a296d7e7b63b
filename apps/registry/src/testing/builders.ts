import { CatalogueModel, type CatalogueEndpoint, type Price } from '@switchyard/contracts';

/** A model with one endpoint; `price` in pico-USD per token. */
export function aModel(
  id: string,
  { price, endpoint, ...facts }: { price?: Partial<Price>; endpoint?: Partial<CatalogueEndpoint>; name?: string } = {},
): CatalogueModel {
  const provider = endpoint?.provider ?? 'openai';
  return {
    ...CatalogueModel.decode({
      id,
      canonicalSlug: id,
      name: id,
      author: id.split('/')[0] ?? id,
      created: 1_780_000_000,
      contextLength: 128_000,
      maxCompletionTokens: 16_000,
      inputModalities: ['text'],
      outputModalities: ['text'],
      endpoints: [],
    }),
    ...facts,
    endpoints: [
      {
        id: `${provider}:${id}`,
        modelId: id,
        provider,
        providerName: 'OpenAI',
        tag: provider,
        upstreamModel: id.split('/')[1] ?? id,
        contextLength: 128_000,
        maxCompletionTokens: 16_000,
        maxPromptTokens: null,
        quantization: 'unknown',
        inputModalities: ['text'],
        outputModalities: ['text'],
        supportedParameters: ['max_tokens'],
        supportsImplicitCaching: false,
        reasoning: null,
        dataPolicy: null,
        price: { version: 'v1', prompt: 1_000_000n, completion: 4_000_000n, ...price },
        ...endpoint,
      },
    ],
  };
}
