import { COST_TIERS } from '@switchyard/contracts';
import type { AutoRouterOptions } from '@switchyard/contracts';
import { z } from 'zod';
import { optional, present } from './schema-helpers.js';

const MAX_PLUGINS = 32;
const MAX_PATTERNS = 1024;

const patterns = optional(z.array(z.string().min(1).max(256)).max(MAX_PATTERNS));
const enabled = optional(z.boolean());

/** Only what changes routing is read; other plugins are accepted without effect, as ever. */
const autoRouter = z.looseObject({
  id: z.enum(['auto-router', 'auto-beta-router']),
  enabled,
  allowed_models: patterns,
  excluded_models: patterns,
  cost_tier: optional(z.enum(COST_TIERS)),
});

const NO_DOMAINS = 'this gateway has no search engine of its own, and cannot limit the search of a provider to domains';
const noDomains = optional(z.array(z.unknown()).max(0, NO_DOMAINS));

/**
 * `web`: the search of the provider itself. An engine of another kind, and limits that no provider would keep, are refused rather
 * than ignored.
 */
const web = z.looseObject({
  id: z.literal('web'),
  enabled,
  engine: optional(
    z.literal('native', 'only the engine native is there: this gateway has no search engine of its own'),
  ),
  include_domains: noDomains,
  exclude_domains: noDomains,
  search_context_size: optional(z.enum(['low', 'medium', 'high'])),
  user_location: optional(z.record(z.string(), z.unknown())),
});

const KNOWN: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['auto-router', autoRouter],
  ['auto-beta-router', autoRouter],
  ['web', web],
]);

const plugin = z.looseObject({ id: z.string().min(1).max(64), enabled }).superRefine((value, context) => {
  const parsed = KNOWN.get(value.id)?.safeParse(value);
  for (const issue of parsed?.error?.issues ?? [])
    context.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
});

/** The `plugins` of a request (spec 2.5). */
export const plugins = optional(z.array(plugin).max(MAX_PLUGINS));
type Plugins = z.output<typeof plugins>;

/** What the plugins mean for routing and for the request: the last one of a kind that is not switched off. */
export function pluginWishes(sent: Plugins): {
  readonly autoRouter?: AutoRouterOptions;
  readonly webPlugin?: Readonly<Record<string, unknown>>;
} {
  const active = (sent ?? []).filter((one) => one.enabled !== false);
  const router = active.findLast(({ id }) => id === 'auto-router' || id === 'auto-beta-router') as
    | z.output<typeof autoRouter>
    | undefined;
  const search = active.findLast(({ id }) => id === 'web') as z.output<typeof web> | undefined;
  return present({
    autoRouter:
      router &&
      present({
        allowedModels: router.allowed_models,
        excludedModels: router.excluded_models,
        costTier: router.cost_tier,
      }),
    webPlugin:
      search && present({ search_context_size: search.search_context_size, user_location: search.user_location }),
  });
}
