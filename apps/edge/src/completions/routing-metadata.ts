import { ERRORS, GatewayError, MAX_NAMED_ENDPOINTS, MAX_TOLD_ATTEMPTS, isErrorCode } from '@switchyard/contracts';
import type { Attempt, RoutingMetadata } from '@switchyard/contracts';
import type { OrderedCandidate } from '../routing/index.js';
import { excludedBy } from '../routing/availability.js';
import { strategyOf } from '../routing/strategy.js';
import type { Generation } from './generation.js';

/** What is known of a generation's routing at some moment. */
export type RoutingStory = Pick<Generation, 'request' | 'candidates' | 'verdicts' | 'attempts'>;

const OK = 200;

/**
 * `openrouter_metadata` as it stands once `attempt` answers or has failed last; null when nobody was called. Workers add what only they
 * know. Attempts that still run beside it are not told: nobody knows how they end.
 */
export function routingMetadata(
  { request, candidates, verdicts, attempts }: RoutingStory,
  attempt: Attempt | null,
): RoutingMetadata {
  const available = candidates.slice(0, MAX_NAMED_ENDPOINTS).map((candidate) => namedEndpoint(candidate, attempt));
  const dropped = attempt?.droppedParameters ?? [];
  return {
    requested: request.models[0] ?? '',
    strategy: strategyOf(request.models, candidates[0]?.model.id),
    region: null,
    summary: `available=${candidates.length}${attempt ? `, selected=${attempt.providerName}` : ''}`,
    attempt: attempt?.number ?? 0,
    is_byok: false,
    endpoints: {
      total: new Set(verdicts.map(({ endpointId }) => endpointId)).size,
      available,
      excluded_by: excludedBy(countsOf(verdicts)),
    },
    attempts: attempts
      .filter((one) => one === attempt || isOver(one))
      .slice(-MAX_TOLD_ATTEMPTS)
      .map(toldAttempt),
    dropped_params: [...dropped],
    stripped_reasoning: attempt?.strippedReasoning ?? 0,
  };
}

/**
 * The error with how the request came to it, for a client that asked. A copy: several requests may wait for one answer of the ledger.
 * Nothing is told beside faults of ours (spec 5.1).
 */
export function tellRouting(error: GatewayError, story: RoutingStory & Pick<Generation, 'tellsRouting'>): GatewayError {
  if (!story.tellsRouting || error.code === 'internal') return error;
  const { message, metadata, retryAfterMs } = error;
  return new GatewayError(error.code, {
    message,
    metadata,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    routing: routingMetadata(story, story.attempts.at(-1) ?? null),
    cause: error,
  });
}

const namedEndpoint = ({ endpoint, model }: OrderedCandidate, attempt: Attempt | null) => ({
  provider: endpoint.providerName,
  model: model.id,
  selected: attempt?.endpointId === endpoint.id,
  endpoint_id: endpoint.id,
});

/** An attempt begins as a failure without a code. */
const isOver = ({ outcome, errorCode }: Attempt): boolean => outcome !== 'failed' || errorCode !== null;

const toldAttempt = ({ providerName, model, status, endpointId, reason, errorCode }: Attempt) => ({
  provider: providerName,
  model,
  status: status ?? (errorCode !== null && isErrorCode(errorCode) ? ERRORS[errorCode].status : OK),
  endpoint_id: endpointId,
  reason,
  error_code: errorCode,
});

function countsOf(verdicts: RoutingStory['verdicts']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kept, reason } of verdicts) if (!kept) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}
