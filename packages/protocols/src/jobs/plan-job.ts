import { GatewayError } from '@switchyard/contracts';
import type { JobId, ProtocolId, UpstreamFailure } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { parseJson } from '../json.js';
import type { RenderTarget } from '../types.js';
import { EMBEDDINGS_FORMATS } from './embeddings-formats.js';
import { parseEmbeddings } from './embeddings-request.js';
import { RERANK_FORMATS } from './rerank-formats.js';
import { parseRerank } from './rerank-request.js';
import type { JobFormat, JobRequest, PlannedJob, ReadJob } from './types.js';

/** @throws GatewayError `invalid_request` that names the place of the fault */
export const parseJob = (job: JobId, body: unknown): JobRequest =>
  job === 'embeddings' ? parseEmbeddings(body) : parseRerank(body);

/**
 * What a job becomes at an endpoint whose provider speaks this protocol, and how its answer is read.
 * @throws GatewayError `invalid_request`, or `no_endpoints` where the job has no form in this protocol
 */
export function planJob(job: JobId, body: unknown, protocol: ProtocolId, target: RenderTarget): PlannedJob {
  if (job === 'embeddings') {
    const format = EMBEDDINGS_FORMATS[protocol] ?? refuse(job, protocol);
    return planned(parseEmbeddings(body), format, target, (vectors) => ({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    }));
  }
  const format = RERANK_FORMATS[protocol] ?? refuse(job, protocol);
  return planned(parseRerank(body), format, target, (ranked, { documents }) => ({
    results: ranked.map(({ index, score }) => ({
      index,
      relevance_score: score,
      document: { text: documents[index] },
    })),
  }));
}

function planned<Request extends JobRequest, Content>(
  request: Request,
  format: JobFormat<Request, Content>,
  target: RenderTarget,
  render: (content: Content, request: Request) => Record<string, unknown>,
): PlannedJob {
  return {
    request,
    upstream: format.renderRequest(request, target),
    read(text): ReadJob | UpstreamFailure {
      const body = parseJson(text)?.value;
      if (isErrorValue(body)) return parseErrorValue(body, text);
      const answer = format.parseResponse(body, request);
      if (!answer) return failureOf('upstream_invalid_response');
      return { usage: answer.usage, upstreamId: answer.upstreamId, body: render(answer.content, request) };
    },
  };
}

function refuse(job: JobId, protocol: ProtocolId): never {
  throw new GatewayError('no_endpoints', { message: `There is no ${job} in ${protocol}.` });
}
