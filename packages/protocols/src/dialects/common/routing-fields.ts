import type { ProviderPreferences } from '@switchyard/contracts';
import { z } from 'zod';
import { pluginWishes, plugins } from './plugins.js';
import { provider, providerPreferences } from './provider-preferences.js';
import { optional } from './schema-helpers.js';

const MAX_MODEL_LENGTH = 256;
const MAX_MODELS = 64;

export const modelId = z.string().min(1).max(MAX_MODEL_LENGTH);

/** What every dialect may carry beside its own fields, because the gateway and not the provider acts on it (spec 2.2). */
export const routingFields = {
  model: optional(modelId),
  models: optional(z.array(modelId).max(MAX_MODELS)),
  provider: optional(provider),
  session_id: optional(z.string().max(256)),
  plugins,
  /** Deprecated (spec 2.2): one list of endpoints for each model, or one for all. */
  route: optional(z.enum(['fallback', 'sort'])),
} as const;

type RoutingFields = { [Field in keyof typeof routingFields]?: z.output<(typeof routingFields)[Field]> };

/** `model` first, then `models`, without duplicates; and where they may run. */
export const routingOf = (fields: RoutingFields) => ({
  models: [...new Set([...(fields.model ? [fields.model] : []), ...(fields.models ?? [])])],
  provider: withRoute(providerPreferences(fields.provider), fields.route),
  sessionId: fields.session_id,
  ...pluginWishes(fields.plugins),
});

/** What `sort` says counts more than the older word for it. */
const withRoute = (preferences: ProviderPreferences, route: RoutingFields['route']): ProviderPreferences =>
  route === 'sort' && preferences.sortPartition === undefined ? { ...preferences, sortPartition: 'none' } : preferences;

/** Fields that only a gateway understands and that therefore never reach a provider, beside {@link routingFields}. */
export const GATEWAY_FIELDS: readonly string[] = [
  'preset',
  'transforms',
  'trace',
  'debug',
  'usage',
  'stop_server_tools_when',
  'max_tool_calls',
];
