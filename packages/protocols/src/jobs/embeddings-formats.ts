import { GatewayError, usageOf } from '@switchyard/contracts';
import type { ProtocolId, Usage } from '@switchyard/contracts';
import { arrayOf, compact, countOf, isRecord, recordOf, recordsOf, textOf } from '../json.js';
import { hashedUser } from '../privacy.js';
import type { EmbeddingsRequest } from './embeddings-request.js';
import type { JobFormat } from './types.js';
import { vectorIn } from './vectors.js';
import type { Vector } from './vectors.js';

/** One vector for each input, in their order. */
export type EmbeddingsFormat = JobFormat<EmbeddingsRequest, readonly Vector[]>;

const HEADERS = { 'content-type': 'application/json' } as const;

const usageOfTokens = (tokens: number | undefined): Usage | null =>
  tokens === undefined ? null : usageOf({ source: 'reported', inputTokens: tokens, requests: 1 });

/** All vectors, or null when one is missing or is none. */
function vectorsOf(values: readonly unknown[], { inputs, encoding }: EmbeddingsRequest): readonly Vector[] | null {
  const vectors = values.map((value) => vectorIn(encoding, value)).filter((vector) => vector !== null);
  return vectors.length === inputs.length && values.length === inputs.length ? vectors : null;
}

/** OpenAI's `POST /embeddings`, which Mistral, Voyage, Perplexity and most others speak, too (platform.openai.com/docs/api-reference/embeddings). */
const openai: EmbeddingsFormat = {
  renderRequest: (request, { endpoint }) => ({
    path: '/embeddings',
    headers: HEADERS,
    body: compact({
      model: endpoint.upstreamModel,
      input: request.inputs.length === 1 ? request.inputs[0] : request.inputs,
      dimensions: request.dimensions,
      // Numbers are the default everywhere, and Voyage knows no word for them.
      encoding_format: request.encoding === 'base64' ? 'base64' : undefined,
      input_type: request.inputType,
      user: request.user === undefined ? undefined : hashedUser(request.user),
    }),
    dropped: [],
  }),
  parseResponse(body, request) {
    const { data, usage } = recordOf(body);
    const byIndex = recordsOf(data).toSorted(
      (left, right) => (countOf(left['index']) ?? 0) - (countOf(right['index']) ?? 0),
    );
    const content = vectorsOf(
      byIndex.map(({ embedding }) => embedding),
      request,
    );
    const counts = recordOf(usage);
    return (
      content && {
        content,
        // Voyage reports the total alone.
        usage: usageOfTokens(countOf(counts['prompt_tokens']) ?? countOf(counts['total_tokens'])),
        upstreamId: textOf(recordOf(body)['id']) ?? null,
      }
    );
  },
};

/** Cohere's `POST /v2/embed`; `input_type` has no default there (docs.cohere.com/reference/embed). */
const cohere: EmbeddingsFormat = {
  renderRequest: (request, { endpoint }) => ({
    path: '/embed',
    headers: HEADERS,
    body: compact({
      model: endpoint.upstreamModel,
      texts: textsOf(request),
      input_type: request.inputType ?? 'search_document',
      embedding_types: ['float'],
      output_dimension: request.dimensions,
    }),
    dropped: [],
  }),
  parseResponse(body, request) {
    const { embeddings, meta, id } = recordOf(body);
    const content = vectorsOf(arrayOf(recordOf(embeddings)['float']), request);
    const billed = recordOf(recordOf(meta)['billed_units']);
    return (
      content && { content, usage: usageOfTokens(countOf(billed['input_tokens'])), upstreamId: textOf(id) ?? null }
    );
  },
};

/** Gemini's `batchEmbedContents` (ai.google.dev/api/embeddings). The older model reports no usage. */
const gemini: EmbeddingsFormat = {
  renderRequest(request, { endpoint }) {
    const name = endpoint.upstreamModel.replace(/^models\//, '');
    return {
      path: `/models/${encodeURIComponent(name)}:batchEmbedContents`,
      headers: HEADERS,
      body: {
        requests: textsOf(request).map((text) =>
          compact({
            model: `models/${name}`,
            content: { parts: [{ text }] },
            taskType: taskOf(request.inputType),
            outputDimensionality: request.dimensions,
          }),
        ),
      },
      dropped: [],
    };
  },
  parseResponse(body, request) {
    const { embeddings, usageMetadata } = recordOf(body);
    const values = arrayOf(embeddings).map((one) => (isRecord(one) ? one['values'] : null));
    const content = vectorsOf(values, request);
    return (
      content && {
        content,
        usage: usageOfTokens(countOf(recordOf(usageMetadata)['promptTokenCount'])),
        upstreamId: null,
      }
    );
  },
};

const TASKS: ReadonlyMap<string | undefined, string> = new Map([
  ['search_document', 'RETRIEVAL_DOCUMENT'],
  ['search_query', 'RETRIEVAL_QUERY'],
  ['classification', 'CLASSIFICATION'],
  ['clustering', 'CLUSTERING'],
]);
const taskOf = (inputType: string | undefined): string | undefined => TASKS.get(inputType) ?? inputType?.toUpperCase();

const textsOf = ({ inputs }: EmbeddingsRequest): string[] =>
  inputs.map((input) => {
    if (typeof input === 'string') return input;
    throw new GatewayError('invalid_request', {
      message: 'input: this model reads text, not tokens',
      metadata: { path: 'input' },
    });
  });

export const EMBEDDINGS_FORMATS: Readonly<Partial<Record<ProtocolId, EmbeddingsFormat>>> = {
  'openai-chat': openai,
  mistral: openai,
  'cohere-v2': cohere,
  gemini,
};
