import { GatewayError } from '@switchyard/contracts';
import type { CatalogueEndpoint, JobId, ProtocolId, UpstreamFailure, Usage } from '@switchyard/contracts';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { parseJson } from '../json.js';
import type { Lane, RenderContext, RenderTarget, UpstreamRequest } from '../types.js';
import { EMBEDDINGS_FORMATS } from './embeddings-formats.js';
import { parseEmbeddings } from './embeddings-request.js';
import { IMAGE_FORMATS, imageEstimate } from './image-formats.js';
import { parseImage } from './image-request.js';
import { imageForm, transcriptForm } from './answer-forms.js';
import { JobLane } from './job-lane.js';
import type { JobBody } from './job-body.js';
import { RERANK_FORMATS } from './rerank-formats.js';
import { parseRerank } from './rerank-request.js';
import { SPEECH_FORMATS_BY_PROTOCOL } from './speech-formats.js';
import { SpeechLane } from './speech-lane.js';
import { parseSpeech } from './speech-request.js';
import { billedUsage, TRANSCRIPTION_FORMATS_BY_PROTOCOL, transcriptionEstimate } from './transcription-formats.js';
import { parseTranscription } from './transcription-request.js';
import type { AnswerForm, JobFormat, JobRequest, PlannedJob, ReadJob } from './types.js';

const PARSERS: Readonly<Record<JobId, (body: JobBody) => JobRequest>> = {
  embeddings: ({ json }) => parseEmbeddings(json),
  rerank: ({ json }) => parseRerank(json),
  image: parseImage,
  speech: ({ json }) => parseSpeech(json),
  transcription: parseTranscription,
};

/** @throws GatewayError `invalid_request` that names the place of the fault */
export const parseJob = (job: JobId, body: JobBody): JobRequest => PARSERS[job](body);

const FORMATS: Readonly<Record<JobId, Readonly<Partial<Record<ProtocolId, unknown>>>>> = {
  embeddings: EMBEDDINGS_FORMATS,
  rerank: RERANK_FORMATS,
  image: IMAGE_FORMATS,
  speech: SPEECH_FORMATS_BY_PROTOCOL,
  transcription: TRANSCRIPTION_FORMATS_BY_PROTOCOL,
};

/**
 * Whether an endpoint whose provider speaks this protocol can be asked for the job. Images come out of chats as well, but only Gemini's
 * are asked for here: another model that also writes has no address for images alone.
 */
export const servesJob = (
  job: JobId,
  protocol: ProtocolId,
  { outputModalities }: Pick<CatalogueEndpoint, 'outputModalities'>,
): boolean =>
  FORMATS[job][protocol] !== undefined &&
  (job !== 'image' || protocol === 'gemini' || !outputModalities.includes('text'));

/** A job on its way to a provider, and what carries its answer to the client. */
export interface JobPlan {
  readonly request: JobRequest;
  readonly upstream: UpstreamRequest;
  lane(context: RenderContext): Lane;
}

/**
 * What a job becomes at an endpoint whose provider speaks this protocol, and how its answer is read.
 * @throws GatewayError `invalid_request`, or `no_endpoints` where the job has no form in this protocol
 */
export function planJob(job: JobId, body: JobBody, protocol: ProtocolId, target: RenderTarget): JobPlan {
  if (job === 'speech') return planSpeech(body, protocol, target);
  const planned = planWhole(job, body, protocol, target);
  return { ...planned, lane: (context) => new JobLane(planned, context) };
}

function planSpeech({ json }: JobBody, protocol: ProtocolId, target: RenderTarget): JobPlan {
  const format = SPEECH_FORMATS_BY_PROTOCOL[protocol] ?? refuse('speech', protocol);
  const request = parseSpeech(json);
  const upstream = format.renderRequest(request, target);
  return { request, upstream, lane: () => new SpeechLane(format, request, target.endpoint) };
}

/** A job whose answer comes in one piece. */
export function planWhole(
  job: Exclude<JobId, 'speech'>,
  body: JobBody,
  protocol: ProtocolId,
  target: RenderTarget,
): PlannedJob {
  if (job === 'embeddings') {
    const format = EMBEDDINGS_FORMATS[protocol] ?? refuse(job, protocol);
    return planned(parseEmbeddings(body.json), format, target, {
      render: (vectors) => ({
        object: 'list',
        data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      }),
    });
  }
  if (job === 'rerank') {
    const format = RERANK_FORMATS[protocol] ?? refuse(job, protocol);
    return planned(parseRerank(body.json), format, target, {
      render: (ranked, { documents }) => ({
        results: ranked.map(({ index, score }) => ({
          index,
          relevance_score: score,
          document: { text: documents[index] },
        })),
      }),
    });
  }
  if (job === 'image') {
    const format = IMAGE_FORMATS[protocol] ?? refuse(job, protocol);
    const request = parseImage(body);
    return planned(request, format, target, {
      render: (images) => ({ data: images }),
      estimate: imageEstimate(request, target.endpoint),
      form: imageForm(request),
    });
  }
  const format = TRANSCRIPTION_FORMATS_BY_PROTOCOL[protocol] ?? refuse(job, protocol);
  const request = parseTranscription(body);
  return planned(request, format, target, {
    render: (transcript) => ({ ...transcript }),
    usage: (usage) => billedUsage(usage, target.endpoint),
    estimate: billedUsage(transcriptionEstimate(request), target.endpoint),
    form: transcriptForm(request),
  });
}

interface Finishing<Request, Content> {
  render(content: Content, request: Request): Record<string, unknown>;
  /** The usage as it is billed, where that is another than the reported one. */
  readonly usage?: (usage: Usage) => Usage;
  readonly estimate?: Usage;
  readonly form?: AnswerForm | undefined;
}

function planned<Request extends JobRequest, Content>(
  request: Request,
  format: JobFormat<Request, Content>,
  target: RenderTarget,
  finishing: Finishing<Request, Content>,
): PlannedJob {
  const { estimate, form, usage: billed = (usage: Usage) => usage } = finishing;
  return {
    request,
    upstream: format.renderRequest(request, target),
    ...(estimate && { estimate }),
    ...(form && { form }),
    read(text): ReadJob | UpstreamFailure {
      const body = parseJson(text)?.value;
      if (isErrorValue(body)) return parseErrorValue(body, text);
      const answer = format.parseResponse(body, request);
      if (!answer) return failureOf('upstream_invalid_response');
      const usage = answer.usage && billed(answer.usage);
      return { usage, upstreamId: answer.upstreamId, body: finishing.render(answer.content, request) };
    },
  };
}

function refuse(job: JobId, protocol: ProtocolId): never {
  throw new GatewayError('no_endpoints', { message: `There is no ${job} in ${protocol}.` });
}
