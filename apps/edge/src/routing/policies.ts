import { GatewayError } from '@switchyard/contracts';
import type { ApiKey, CompletionRequest, PolicyOwner, ProviderPreferences, RoutingPolicy } from '@switchyard/contracts';
import { parsePreferences } from '@switchyard/protocols';
import { lastVariant } from './variants.js';

/** A policy that a caller is under, read once for every version of its key. */
export interface CallerPolicy {
  readonly owner: PolicyOwner;
  readonly defaultModel: string | null;
  readonly allowedModels: readonly string[] | null;
  readonly ignoredModels: readonly string[];
  readonly provider: ProviderPreferences;
}

const READ = new WeakMap<RoutingPolicy, CallerPolicy>();

/**
 * The policies of a key, the narrower first: its wishes come before those of the workspace.
 * @throws GatewayError `service_unavailable` for one that this release cannot read: not to follow it would be to relax it
 */
export function policiesOf({ routing }: ApiKey): readonly CallerPolicy[] {
  const policies: CallerPolicy[] = [];
  if (routing?.key) policies.push(read('key', routing.key));
  if (routing?.workspace) policies.push(read('workspace', routing.workspace));
  return policies;
}

function read(owner: PolicyOwner, policy: RoutingPolicy): CallerPolicy {
  let known = READ.get(policy);
  if (!known) {
    const { defaultModel, allowedModels, ignoredModels } = policy;
    try {
      known = { owner, defaultModel, allowedModels, ignoredModels, provider: parsePreferences(policy.provider) };
    } catch (cause) {
      throw new GatewayError('service_unavailable', {
        message: `The routing settings of the ${owner} cannot be read.`,
        cause,
      });
    }
    READ.set(policy, known);
  }
  return known;
}

/**
 * A request as its caller's policies complete it: the default model where it names none, wishes where it has none of their kind.
 * Rules are not merged into it; they are filters of their own.
 */
export function underPolicies(request: CompletionRequest, policies: readonly CallerPolicy[]): CompletionRequest {
  if (policies.length === 0) return request;
  const defaultModel = policies.find((policy) => policy.defaultModel !== null)?.defaultModel ?? null;
  const models = request.models.length > 0 || defaultModel === null ? request.models : [defaultModel];
  const provider = policies.reduce(
    (preferences, policy) => withWishes(preferences, policy.provider, models),
    request.provider,
  );
  return { ...request, models, provider };
}

function withWishes(
  own: ProviderPreferences,
  wished: ProviderPreferences,
  models: readonly string[],
): ProviderPreferences {
  const { order, sort, sortPartition } = wished;
  // One wish: an order of one's own is no longer the sort of another.
  const ordersItself =
    own.order !== undefined || own.sort !== undefined || models.some((id) => lastVariant(id)?.variant.sort);
  return {
    ...own,
    ...(!ordersItself && {
      ...(order && { order }),
      ...(sort && { sort }),
      ...(sortPartition && own.sortPartition === undefined && { sortPartition }),
    }),
    ...(!own.preferredMinThroughput &&
      wished.preferredMinThroughput && { preferredMinThroughput: wished.preferredMinThroughput }),
    ...(!own.preferredMaxLatencyMs &&
      wished.preferredMaxLatencyMs && { preferredMaxLatencyMs: wished.preferredMaxLatencyMs }),
    allowFallbacks: own.allowFallbacks && wished.allowFallbacks,
    requireParameters: own.requireParameters || wished.requireParameters,
  };
}
