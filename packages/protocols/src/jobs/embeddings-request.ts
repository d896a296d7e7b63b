import { z } from 'zod';
import { parseBody } from '../dialects/common/fault.js';
import { routingFields, routingOf } from '../dialects/common/routing-fields.js';
import { optional } from '../dialects/common/schema-helpers.js';
import { textBytes } from './text-bytes.js';
import type { JobRequest } from './types.js';
import type { Encoding } from './vectors.js';

/** Text, or tokens of the model's own tokenizer. */
export type EmbeddingInput = string | readonly number[];

export interface EmbeddingsRequest extends JobRequest {
  readonly job: 'embeddings';
  readonly inputs: readonly EmbeddingInput[];
  readonly dimensions?: number;
  readonly encoding: Encoding;
  /** What the vectors are for: `search_document`, `search_query`, … */
  readonly inputType?: string;
}

/** OpenAI's limit for one request (platform.openai.com/docs/api-reference/embeddings). */
const MAX_INPUTS = 2_048;
const MAX_DIMENSIONS = 65_536;
const EXPECTED = 'expected a text, a list of texts, a list of tokens or a list of lists of tokens, none of them empty';

type Input = string | string[] | number[] | number[][];

function inputsOf(value: Input): readonly EmbeddingInput[] {
  if (typeof value === 'string') return [value];
  return isTokens(value) ? [value] : value;
}

const isTokens = (value: Input): value is number[] => typeof value[0] === 'number';

const text = z.string().min(1);
const tokens = z.array(z.int().nonnegative()).min(1);
const input = z
  .union([text, z.array(text).min(1), tokens, z.array(tokens).min(1)], EXPECTED)
  .refine((value) => inputsOf(value).length <= MAX_INPUTS, `expected at most ${MAX_INPUTS} inputs`);

const embeddingsRequest = z.looseObject({
  ...routingFields,
  input,
  dimensions: optional(z.int().min(1).max(MAX_DIMENSIONS)),
  encoding_format: optional(z.enum(['float', 'base64'])),
  input_type: optional(z.string().max(64)),
  user: optional(z.string()),
});

/**
 * Reads the body of `POST /embeddings` (spec, table of routes). `null` means absent.
 * @throws GatewayError `invalid_request` that names the place of the fault
 */
export function parseEmbeddings(value: unknown): EmbeddingsRequest {
  const { request } = parseBody(embeddingsRequest, value);
  const { models, provider, sessionId } = routingOf(request);
  const inputs = inputsOf(request.input);
  const sizes = inputs.map(bytesOf);
  const { dimensions, user, input_type: inputType } = request;
  return {
    job: 'embeddings',
    models,
    provider,
    ...(sessionId && { sessionId }),
    ...(user && { user }),
    parameters: dimensions ? ['dimensions'] : [],
    inputs,
    ...(dimensions && { dimensions }),
    encoding: request.encoding_format ?? 'float',
    ...(inputType && { inputType }),
    size: {
      promptBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      texts: inputs.length,
      largestBytes: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
      requests: 1,
    },
  };
}

const bytesOf = (one: EmbeddingInput): number => (typeof one === 'string' ? textBytes(one) : one.length);
