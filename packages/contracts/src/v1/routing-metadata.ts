import { z } from 'zod';
import { OutsideText } from '../outside-text.js';

/** The ways of OpenRouter to name a model: as it is, by a router, by an alias, or as a list of which the later ones are fallbacks. */
export const ROUTING_STRATEGIES = ['direct', 'auto', 'free', 'latest', 'alias', 'fallback'] as const;
export const RoutingStrategy = z.enum(ROUTING_STRATEGIES);
export type RoutingStrategy = z.output<typeof RoutingStrategy>;

/** Endpoints that are named one by one; beyond it only `total` grows. */
export const MAX_NAMED_ENDPOINTS = 100;
/** Attempts that are told; budgets allow far fewer. */
export const MAX_TOLD_ATTEMPTS = 64;

const ToldAttempt = z.object({
  provider: z.string(),
  model: z.string(),
  /** HTTP status of the provider; where it never answered, that of our error. */
  status: z.int(),
  endpoint_id: z.string(),
  reason: z.string(),
  error_code: z.string().nullable(),
});

/**
 * `openrouter_metadata` of the public API, in its public form: workers write it into answers as it comes. The fields of OpenRouter
 * (spec 2.7), and of our own: `endpoint_id`, `reason` and `error_code` of an attempt, `excluded_by`, `dropped_params`,
 * `stripped_reasoning`.
 */
export const RoutingMetadata = z.object({
  requested: OutsideText,
  strategy: RoutingStrategy,
  region: z.string().nullable(),
  summary: z.string(),
  /** 1-based; 0 when nobody was called. */
  attempt: z.int().nonnegative(),
  is_byok: z.boolean(),
  endpoints: z.object({
    total: z.int().nonnegative(),
    available: z
      .array(z.object({ provider: z.string(), model: z.string(), selected: z.boolean(), endpoint_id: z.string() }))
      .max(MAX_NAMED_ENDPOINTS),
    excluded_by: z.array(z.object({ reason: z.string(), count: z.int().positive() })),
  }),
  attempts: z.array(ToldAttempt).max(MAX_TOLD_ATTEMPTS),
  dropped_params: z.array(z.string()),
  stripped_reasoning: z.int().nonnegative(),
});
export type RoutingMetadata = z.output<typeof RoutingMetadata>;
