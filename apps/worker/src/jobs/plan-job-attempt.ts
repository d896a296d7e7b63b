import type { AttemptCall, JobId, ProtocolId } from '@switchyard/contracts';
import { applyQuirks, joinUrl } from '@switchyard/providers';
import { JobLane, planJob, protocolOf } from '@switchyard/protocols';
import type { Plan } from '../attempts/plan.js';
import type { WorkerConfig } from '../config.js';

export interface JobCall {
  readonly call: AttemptCall;
  readonly job: JobId;
  /** Parsed JSON of the client. */
  readonly body: unknown;
  readonly protocolId: ProtocolId;
  /** Of the protocol, below the provider's base URL. */
  readonly basePath: string;
}

/**
 * Turns a job into a request to the provider, and its answer into one for the client. From here on it is an attempt like others.
 * @throws GatewayError `invalid_request`, or `no_endpoints` for what this provider has no words for
 */
export function planJobAttempt({ call, job, body, protocolId, basePath }: JobCall, config: WorkerConfig): Plan {
  const { endpoint } = call;
  const planned = planJob(job, body, protocolId, { endpoint });
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
    lane: new JobLane(planned, context),
    upstream: {
      url: joinUrl(config.baseUrl, basePath, rendered.path),
      headers: rendered.headers,
      body: JSON.stringify(rendered.body),
    },
    prompt: { promptBytes: planned.request.size.promptBytes, images: 0 },
    dropped: rendered.dropped,
  };
}
