import { z } from 'zod';
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
} as const;

type RoutingFields = { [Field in keyof typeof routingFields]?: z.output<(typeof routingFields)[Field]> };

/** `model` first, then `models`, without duplicates; and where they may run. */
export const routingOf = ({ model, models, provider: preferences, session_id: sessionId }: RoutingFields) => ({
  models: [...new Set([...(model ? [model] : []), ...(models ?? [])])],
  provider: providerPreferences(preferences),
  sessionId,
});

/** Fields that only a gateway understands and that therefore never reach a provider, beside {@link routingFields}. */
export const GATEWAY_FIELDS: readonly string[] = [
  'route',
  'plugins',
  'preset',
  'transforms',
  'trace',
  'debug',
  'usage',
  'stop_server_tools_when',
  'max_tool_calls',
];
