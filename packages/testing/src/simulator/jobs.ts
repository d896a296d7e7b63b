import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fault } from './fault.js';
import { parseFault } from './fault.js';
import { answer, begun, refuse } from './job-answers.js';
import { tokensOf } from './tokens.js';
import type { Wire } from './wire.js';

/** Routes that are no completions, by the end of their path. */
export const JOB_ROUTE = /\/(embeddings|rerank)$/;

const EmbeddingsBody = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]),
  dimensions: z.int().min(1).max(4096).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});
const RerankBody = z.looseObject({
  model: z.string().min(1),
  query: z.string(),
  documents: z.array(z.string()).min(1),
  top_n: z.int().min(1).nullish(),
});

const DIMENSIONS = 16;
const BYTES_PER_FLOAT = 4;

export interface JobContext {
  readonly wire: Wire;
  readonly path: string;
  readonly body: unknown;
  /** What the control API ordered for this request. */
  ordered(model: string): Fault;
  readonly replyId: string;
}

/**
 * Answers embeddings in OpenAI's format and reranks in Cohere's. The same text always gets the same vector, of length one; documents
 * are ranked by the words that they share with the query. Of the faults it knows `status`, `delay`, `usage=none`, `cut` and `label`.
 */
export async function answerJob(context: JobContext): Promise<void> {
  const isRerank = context.path.endsWith('/rerank');
  const parsed = (isRerank ? RerankBody : EmbeddingsBody).safeParse(context.body);
  if (!parsed.success) return refuse(context.wire, 400, 'The body is not valid.');
  const { model } = parsed.data;
  const texts =
    'query' in parsed.data ? [parsed.data.query as string] : textsOf(EmbeddingsBody.parse(parsed.data).input);
  const fault = { ...parseFault(texts[0] ?? ''), ...context.ordered(model) };
  if (!(await begun(context.wire, model, fault))) return;
  const given = isRerank ? rerank(RerankBody.parse(context.body)) : embeddings(EmbeddingsBody.parse(context.body));
  const upstreamId = `job-${context.replyId}`;
  Object.assign(context.wire.entry, { promptTokens: given.tokens, upstreamId });
  await answer(context.wire, { id: upstreamId, ...given.body, ...(fault.usage !== 'none' && given.usage) }, fault);
}

interface Answered {
  readonly body: object;
  readonly usage: object;
  readonly tokens: number;
}

function embeddings({
  model,
  input,
  dimensions,
  encoding_format: encoding,
}: z.output<typeof EmbeddingsBody>): Answered {
  const texts = textsOf(input);
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, dimensions ?? DIMENSIONS);
    return { object: 'embedding', index, embedding: encoding === 'base64' ? base64Of(vector) : vector };
  });
  const tokens = countTokens(input, texts);
  return {
    tokens,
    body: { object: 'list', model, data },
    usage: { usage: { prompt_tokens: tokens, total_tokens: tokens } },
  };
}

const SEARCH_DOCUMENTS = 100;

function rerank({ query, documents, top_n: topN }: z.output<typeof RerankBody>): Answered {
  const asked = wordsOf(query);
  const results = documents
    .map((document, index) => {
      const words = wordsOf(document);
      const shared = [...words].filter((word) => asked.has(word)).length;
      return { index, relevance_score: shared / Math.max(1, asked.size + words.size - shared) };
    })
    .toSorted((left, right) => right.relevance_score - left.relevance_score)
    .slice(0, topN ?? documents.length);
  const units = Math.ceil(documents.length / SEARCH_DOCUMENTS);
  return { tokens: 0, body: { results }, usage: { meta: { billed_units: { search_units: units } } } };
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/\p{L}+/gu) ?? []);

type Input = z.output<typeof EmbeddingsBody>['input'];

function textsOf(input: Input): readonly string[] {
  if (typeof input === 'string') return [input];
  if (typeof input[0] === 'number') return [input.join(' ')];
  return input.map((one) => (typeof one === 'object' ? one.join(' ') : String(one)));
}

/** Tokens that come as numbers are as many as there are. */
const countTokens = (input: Input, texts: readonly string[]): number =>
  Array.isArray(input) && typeof input[0] !== 'string'
    ? input.flat().length
    : texts.reduce((sum, text) => sum + tokensOf(text).length, 0);

/** A vector of length one that follows from the text, in the precision of 32-bit floats. */
function vectorOf(text: string, dimensions: number): number[] {
  const raw = Array.from({ length: dimensions }, (_, index) => {
    const hash = createHash('sha256')
      .update(`${Math.floor(index / 8)} ${text}`)
      .digest();
    return hash.readInt32LE((index % 8) * BYTES_PER_FLOAT);
  });
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => Math.fround(value / length));
}

function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * BYTES_PER_FLOAT);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * BYTES_PER_FLOAT));
  return bytes.toString('base64');
}
