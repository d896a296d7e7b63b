import type { AttemptCall, JobId, ProtocolId } from '@switchyard/contracts';
import { applyQuirks } from '@switchyard/providers';
import { planJob, protocolOf, unpackJobBody } from '@switchyard/protocols';
import type { Plan } from '../attempts/plan.js';
import type { WorkerConfig } from '../config.js';
import { addressOf } from '../upstream/addresses.js';
import { formOf } from './form.js';

export interface JobCall {
  readonly call: AttemptCall;
  readonly job: JobId;
  /** What its client sent, as the edge packed it. */
  readonly body: Uint8Array;
  readonly protocolId: ProtocolId;
  /** Of the protocol, below the provider's base URL. */
  readonly basePath: string;
}

/** Ten images in base64; an edge holds no more than this of an answer, either. */
const MAX_IMAGES_BYTES = 64 * 1024 * 1024;

/**
 * Turns a job into a request to the provider, and its answer into one for the client. From here on it is an attempt like others.
 * @throws GatewayError `invalid_json`, `invalid_request`, or `no_endpoints` for what this provider has no words for
 */
export function planJobAttempt({ call, job, body, protocolId, basePath }: JobCall, config: WorkerConfig): Plan {
  const { endpoint } = call;
  const planned = planJob(job, unpackJobBody(body), protocolId, { endpoint });
  const rendered = applyQuirks(config.provider, planned.upstream);
  const context = {
    generationId: call.generationId,
    created: call.created,
    model: endpoint.modelId,
    providerName: endpoint.providerName,
  };
  return {
    call,
    protocol: protocolOf(protocolId),
    renderStop: null,
    lane: planned.lane(context),
    upstream: {
      ...addressOf(config.baseUrl, basePath, rendered.path),
      headers: rendered.headers,
      body: rendered.files ? formOf(rendered.body, rendered.files) : JSON.stringify(rendered.body),
    },
    prompt: () => ({ promptBytes: planned.request.size.promptBytes, images: 0 }),
    dropped: rendered.dropped,
    ...(job === 'image' && { maxAnswerBytes: MAX_IMAGES_BYTES }),
  };
}
