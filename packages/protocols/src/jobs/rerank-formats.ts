import { usageOf } from '@switchyard/contracts';
import type { ProtocolId, Usage } from '@switchyard/contracts';
import { compact, countOf, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { RerankRequest } from './rerank-request.js';
import type { JobFormat } from './types.js';

export interface Ranked {
  readonly index: number;
  readonly score: number;
}

export type RerankFormat = JobFormat<RerankRequest, readonly Ranked[]>;

/**
 * `POST /rerank` as Cohere made it (docs.cohere.com/reference/rerank) and Voyage, Jina and others took it over: the results are in
 * `results` or `data`, the bill in search units or tokens.
 */
const rerank: RerankFormat = {
  renderRequest: ({ query, documents, topN }, { endpoint }) => ({
    path: '/rerank',
    headers: { 'content-type': 'application/json' },
    body: compact({ model: endpoint.upstreamModel, query, documents, top_n: topN }),
    dropped: [],
  }),
  parseResponse(body, request) {
    const answer = recordOf(body);
    const listed = answer['results'] ?? answer['data'];
    if (!Array.isArray(listed)) return null;
    const ranked = recordsOf(listed)
      .map(rankedOf)
      .filter((one) => one !== null);
    const known = new Set(ranked.map(({ index }) => index).filter((index) => index < request.documents.length));
    const wanted = Math.min(request.topN ?? request.documents.length, request.documents.length);
    // A document that is there twice, or that nobody sent, or one that is missing: the order cannot be believed.
    if (ranked.length !== listed.length || known.size !== ranked.length || ranked.length < wanted) return null;
    return {
      content: ranked.toSorted((left, right) => right.score - left.score).slice(0, wanted),
      usage: usageIn(answer),
      upstreamId: textOf(answer['id']) ?? null,
    };
  },
};

function rankedOf(result: JsonRecord): Ranked | null {
  const [index, score] = [countOf(result['index']), result['relevance_score']];
  return index === undefined || typeof score !== 'number' || !Number.isFinite(score) ? null : { index, score };
}

/** Search units are calls for the bill. */
function usageIn(answer: JsonRecord): Usage | null {
  const units = countOf(recordOf(recordOf(answer['meta'])['billed_units'])['search_units']);
  const tokens = countOf(recordOf(answer['usage'])['total_tokens']);
  if (units === undefined && tokens === undefined) return null;
  return usageOf({ source: 'reported', inputTokens: tokens ?? 0, requests: units ?? 1 });
}

export const RERANK_FORMATS: Readonly<Partial<Record<ProtocolId, RerankFormat>>> = {
  'openai-chat': rerank,
  'cohere-v2': rerank,
};
