import { GatewayError, MAX_POLICY_MODELS } from '@switchyard/contracts';
import type { RoutingPolicy, SortKey, Workspace } from '@switchyard/contracts';
import { parsePreferences } from '@switchyard/protocols';
import { z } from 'zod';

const SORTS = ['price', 'throughput', 'latency', 'exacto'] as const satisfies readonly SortKey[];
/** What JSON can spell and the database refuses: NUL, and half of a surrogate pair. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i;

const model = z.string().min(1).max(256);
const patterns = z.array(model).max(MAX_POLICY_MODELS);

/** `provider` of a policy, kept as it was sent. Closed: a rule with a mistyped name would be none. */
const provider = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  try {
    for (const unknown of Object.keys(parsePreferences(value).extra))
      context.addIssue({ code: 'custom', path: [unknown], message: 'is no field of provider' });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

/**
 * What requests are routed under, as `routing` of a key or a workspace: always as a whole, so that nobody has to know what was there
 * before. An empty list of allowed models would allow none, and is refused as a mistake.
 */
export const RoutingBody = z
  .strictObject({
    default_model: model.nullish(),
    allowed_models: patterns.min(1, 'would allow no model at all; leave it out to allow all').nullish(),
    ignored_models: patterns.nullish(),
    provider: provider.nullish(),
  })
  .refine((body) => !UNSTORABLE.test(JSON.stringify(body)), 'has characters that cannot be stored')
  .transform((body): RoutingPolicy => ({
    defaultModel: body.default_model ?? null,
    allowedModels: body.allowed_models ?? null,
    ignoredModels: body.ignored_models ?? [],
    provider: body.provider ?? {},
  }));

/** Body of `PATCH /workspaces/{id}`: absent keeps, null clears. The names beside `routing` are those of OpenRouter. */
export const UpdateWorkspaceBody = z.object({
  routing: RoutingBody.nullable().optional(),
  default_text_model: model.nullable().optional(),
  default_provider_sort: z.enum(SORTS).nullable().optional(),
});

const NOTHING_SETTLED: RoutingPolicy = { defaultModel: null, allowedModels: null, ignoredModels: [], provider: {} };

/** The policy of a workspace after a change; undefined when the body changes nothing of it. */
export function changedRouting(
  { routing }: Workspace,
  body: z.output<typeof UpdateWorkspaceBody>,
): RoutingPolicy | null | undefined {
  const { default_text_model: defaultModel, default_provider_sort: sort } = body;
  if (defaultModel === undefined && sort === undefined) return body.routing;
  const base = (body.routing === undefined ? routing : body.routing) ?? NOTHING_SETTLED;
  const { sort: _replaced, ...others } = base.provider;
  return {
    ...base,
    ...(defaultModel !== undefined && { defaultModel }),
    ...(sort !== undefined && { provider: sort === null ? others : { ...others, sort } }),
  };
}

export const routingView = (policy: RoutingPolicy | null | undefined): Record<string, unknown> | null =>
  policy
    ? {
        default_model: policy.defaultModel,
        allowed_models: policy.allowedModels,
        ignored_models: policy.ignoredModels,
        provider: policy.provider,
      }
    : null;

/** `default_text_model` and `default_provider_sort` of a workspace, as OpenRouter shows them. */
export function workspaceDefaults({ routing }: Workspace): Record<string, unknown> {
  const sort = routing?.provider['sort'];
  const by = typeof sort === 'object' && sort !== null && 'by' in sort ? sort.by : sort;
  return { default_text_model: routing?.defaultModel ?? null, default_provider_sort: by ?? null };
}
