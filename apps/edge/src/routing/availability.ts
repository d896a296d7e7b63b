import type { ExclusionReason } from './routing.js';

/** What `error.metadata.availability` is made of (spec 5.3). */
export interface AvailabilityFacts {
  readonly code:
    | 'model_not_found'
    | 'no_endpoints'
    | 'constraint_filtered'
    | 'privacy_restricted'
    | 'free_variant_ended'
    | 'temporarily_unavailable';
  readonly retryable: boolean;
  readonly requested: readonly string[];
  readonly providers?: Iterable<string>;
  readonly excluded?: ReadonlyMap<ExclusionReason, number>;
  readonly constraint?: { readonly field: string; readonly detail: string };
  readonly retryAfterSeconds?: number;
}

const MAX_QUOTED_ID = 200;

/** The `availability` object: why no endpoint is left, with how many endpoints each rule left out. */
export function availability(facts: AvailabilityFacts): { readonly availability: Readonly<Record<string, unknown>> } {
  const requested = facts.requested.map((id) => id.slice(0, MAX_QUOTED_ID));
  return {
    availability: {
      code: facts.code,
      retryable: facts.retryable,
      ...(facts.retryAfterSeconds !== undefined && { retry_after: facts.retryAfterSeconds }),
      requested_models: requested,
      affected_providers: [...new Set(facts.providers)].sort(),
      excluded_by: excludedBy(facts.excluded ?? new Map()),
      fallback_models: requested.slice(1),
      ...(facts.constraint && { constraint: facts.constraint }),
    },
  };
}

/** How many endpoints each rule left out. */
export const excludedBy = (
  counts: ReadonlyMap<string, number>,
): { readonly reason: string; readonly count: number }[] => [...counts].map(([reason, count]) => ({ reason, count }));
