import { GatewayError } from '@switchyard/contracts';
import type { AttemptFailure } from '@switchyard/contracts';
import type { PlannedAttempt } from './attempt-plan.js';

export interface FailedAttempt {
  readonly planned: PlannedAttempt;
  readonly failure: AttemptFailure;
}

/** The error of a generation that nobody could serve: the last failure, with the earlier ones in its metadata (spec 3.6 and 5.1). */
export function errorOf(failures: readonly FailedAttempt[]): GatewayError {
  const last = failures.at(-1);
  if (!last) return new GatewayError('overloaded', { retryAfterMs: 1_000 });
  const { failure, planned } = last;
  const { endpoint } = planned.candidate;
  return new GatewayError(failure.code, {
    message: failure.message,
    metadata: {
      provider_name: endpoint.providerName,
      ...(failure.raw !== null && { raw: failure.raw }),
      ...(failure.providerCode !== null && { provider_code: failure.providerCode }),
      ...(failure.upstreamStatus !== null && { upstream_status: failure.upstreamStatus }),
      is_byok: false,
      previous_errors: failures.slice(0, -1).map(previousError),
    },
    ...(failure.retryAfterMs !== null && { retryAfterMs: failure.retryAfterMs }),
  });
}

const previousError = ({ planned, failure }: FailedAttempt): Record<string, unknown> => ({
  provider: planned.candidate.endpoint.providerName,
  model: planned.candidate.model.id,
  code: failure.code,
  status: failure.upstreamStatus,
});
