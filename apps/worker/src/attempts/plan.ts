import { AttemptCall, GatewayError } from '@switchyard/contracts';
import type { CompletionRequest, RoutingMetadata } from '@switchyard/contracts';
import { applyQuirks, basePathOf } from '@switchyard/providers';
import { prefillFields } from '@switchyard/providers/prefill';
import {
  asRouted,
  createLane,
  dialectOf,
  isRewritten,
  protocolOf,
  renderUpstream,
  requestFacts,
} from '@switchyard/protocols';
import type { Lane, Protocol } from '@switchyard/protocols';
import type { WorkerConfig } from '../config.js';
import { planJobAttempt } from '../jobs/plan-job-attempt.js';
import { addressOf } from '../upstream/addresses.js';
import type { UpstreamCall } from '../upstream/upstream.client.js';
import { KnownEndpoints } from './known-endpoints.js';

/** How large a request is: asked for only where its provider does not say what it used. */
export interface Prompt {
  readonly promptBytes: number;
  readonly images: number;
}

/** Everything that is known before the provider is called. */
export interface Plan {
  readonly call: AttemptCall;
  readonly protocol: Pick<Protocol, 'parseError'>;
  readonly lane: Lane;
  /** Parameters that the client sent and the provider does not get. */
  readonly dropped?: readonly string[];
  readonly upstream: UpstreamCall;
  /** The event that ends the answer before its model does; null where the dialect has none. */
  readonly renderStop: ((reason: GatewayError) => Uint8Array) | null;
  readonly prompt: () => Prompt;
  /** Most that an answer in one piece may have; the usual limit when absent. */
  readonly maxAnswerBytes?: number;
}

const CallFacts = AttemptCall.omit({ endpoint: true });

/** @throws GatewayError `internal` when the edge broke the contract */
export function readCall(meta: unknown, endpoints: KnownEndpoints = new KnownEndpoints()): AttemptCall {
  const facts = CallFacts.safeParse(meta);
  const endpoint = endpoints.read((meta as Partial<AttemptCall> | null | undefined)?.endpoint);
  if (facts.success && endpoint.success) return { ...facts.data, endpoint: endpoint.data };
  const paths = [
    ...(facts.error?.issues ?? []).map(({ path }) => path.join('.')),
    ...(endpoint.error?.issues ?? []).map(({ path }) => ['endpoint', ...path].join('.')),
  ];
  throw new GatewayError('internal', { message: `The call of the edge is not valid: ${paths.join(', ')}` });
}

/**
 * Turns a call and the client's body into a request to the provider.
 * @throws GatewayError `invalid_json`, `invalid_request` (from the dialect), or `no_endpoints` for what this worker cannot serve
 */
export function planAttempt(call: AttemptCall, bodyBytes: Uint8Array, config: WorkerConfig): Plan {
  const { provider } = config;
  const { endpoint } = call;
  const protocolId = endpoint.protocol ?? provider.protocol;
  const basePath = basePathOf(provider, protocolId);
  if (endpoint.provider !== provider.id || basePath === null)
    throw new GatewayError('no_endpoints', { message: `${provider.name} does not serve ${protocolId} here.` });
  if (call.job !== undefined)
    return planJobAttempt({ call, job: call.job, body: bodyBytes, protocolId, basePath }, config);
  const body = parseJson(bodyBytes);
  const dialect = dialectOf(call.dialect);
  const { routed = {} } = call;
  const request: CompletionRequest = asRouted(dialect.parseRequest(body), routed);
  const protocol = protocolOf(protocolId);
  const reasoningField = provider.quirks?.reasoningField;
  const { clientHeaders } = call;
  const target = {
    endpoint,
    ...(reasoningField !== undefined && { reasoningField }),
    ...(clientHeaders && { clientHeaders }),
  };
  const rendered = applyQuirks(
    provider,
    renderUpstream(
      request,
      isRewritten(routed) ? null : (body as Record<string, unknown>),
      call.dialect,
      protocolId,
      target,
    ),
  );
  if (call.strict && rendered.dropped.length > 0) throw unsupported(rendered.dropped, endpoint.providerName);
  const context = {
    generationId: call.generationId,
    created: call.created,
    model: endpoint.modelId,
    providerName: endpoint.providerName,
    ...(call.routing && { routing: routingOf(call, call.routing, rendered.dropped) }),
  };
  const { renderStop } = dialect;
  return {
    call,
    protocol,
    dropped: rendered.dropped,
    renderStop: renderStop ? (reason) => renderStop(reason, context) : null,
    lane: createLane({
      dialect: call.dialect,
      protocol: protocolId,
      context,
      request,
      provider: provider.id,
      mayStop: call.allowance !== null,
    }),
    upstream: {
      ...addressOf(config.baseUrl, basePath, rendered.path),
      headers: rendered.headers,
      body: JSON.stringify(call.continues ? { ...rendered.body, ...prefillFields(provider) } : rendered.body),
    },
    prompt: () => requestFacts(request),
  };
}

/** What only the worker knows of the routing: whose key it calls with, and what the format of the provider has no place for. */
const routingOf = ({ ownKey }: AttemptCall, routing: RoutingMetadata, dropped: readonly string[]): RoutingMetadata => ({
  ...routing,
  is_byok: ownKey !== null,
  dropped_params: [...dropped],
});

const unsupported = (names: readonly string[], providerName: string): GatewayError =>
  new GatewayError('unsupported_parameter', {
    message: `${providerName} does not take ${names.join(', ')} for this model.`,
    metadata: { parameters: names },
  });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as unknown;
  } catch (cause) {
    throw new GatewayError('invalid_json', { cause });
  }
}
