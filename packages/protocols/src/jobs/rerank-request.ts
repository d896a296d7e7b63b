import { z } from 'zod';
import { parseBody } from '../dialects/common/fault.js';
import { routingFields, routingOf } from '../dialects/common/routing-fields.js';
import { optional } from '../dialects/common/schema-helpers.js';
import { textBytes } from './text-bytes.js';
import type { JobRequest, JobSize } from './types.js';

export interface RerankRequest extends JobRequest {
  readonly job: 'rerank';
  readonly query: string;
  readonly documents: readonly string[];
  readonly topN?: number;
}

const MAX_DOCUMENTS = 10_000;

const document = z.union([z.string().min(1), z.strictObject({ text: z.string().min(1) })], 'expected a text or {text}');

const rerankRequest = z.looseObject({
  ...routingFields,
  query: z.string().min(1),
  documents: z.array(document).min(1).max(MAX_DOCUMENTS),
  top_n: optional(z.int().min(1)),
  user: optional(z.string()),
});

/**
 * Reads the body of `POST /rerank` (spec, table of routes). `null` means absent.
 * @throws GatewayError `invalid_request` that names the place of the fault
 */
export function parseRerank(value: unknown): RerankRequest {
  const { request } = parseBody(rerankRequest, value);
  const { models, provider, sessionId } = routingOf(request);
  const documents = request.documents.map((one) => (typeof one === 'string' ? one : one.text));
  const { query, user, top_n: topN } = request;
  return {
    job: 'rerank',
    models,
    provider,
    ...(sessionId && { sessionId }),
    ...(user && { user }),
    parameters: [],
    query,
    documents,
    ...(topN && { topN }),
    size: sizeOf(query, documents),
  };
}

/** Cohere bills a search for every 100 documents, and counts a longer document as one for every 500 tokens (docs.cohere.com/docs/how-does-cohere-pricing-work). */
const DOCUMENTS_PER_SEARCH = 100;
const TOKENS_PER_PIECE = 500;
/** The query is part of every piece; a longer one leaves at least this much room for the document. */
const LEAST_ROOM_TOKENS = 250;

function sizeOf(query: string, documents: readonly string[]): JobSize {
  const queryBytes = textBytes(query);
  const sizes = documents.map(textBytes);
  const room = Math.max(TOKENS_PER_PIECE - queryBytes, LEAST_ROOM_TOKENS);
  const pieces = sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / room), 0);
  return {
    // Models read the query beside each document anew, and Voyage bills it so.
    promptBytes: sizes.reduce((sum, bytes) => sum + bytes + queryBytes, 0),
    texts: documents.length,
    largestBytes: queryBytes + sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
    requests: Math.ceil(pieces / DOCUMENTS_PER_SEARCH),
  };
}
