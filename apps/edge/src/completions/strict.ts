import { GatewayError } from '@switchyard/contracts';
import type { CompletionRequest } from '@switchyard/contracts';
import { LISTED_PARAMETERS, supports } from '@switchyard/protocols';
import type { OrderedCandidate } from '../routing/index.js';

/** Of a request: its client would rather have an error than an answer without one of its parameters. */
export const STRICT_HEADER = 'x-switchyard-strict';

/** @throws GatewayError `invalid_request` for anything but `true` and `false`. */
export function isStrict(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const value = headers[STRICT_HEADER];
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new GatewayError('invalid_request', { message: `${STRICT_HEADER}: must be true or false` });
}

/**
 * The candidates that take every parameter of the request. Others than those that endpoints list (`user`, `metadata`) ask nothing of
 * a model. What the format of a provider has no place for is found out by its worker, which knows the format.
 * @throws GatewayError `unsupported_parameter` with the names that stand in the way, when none does.
 */
export function strictCandidates(
  request: CompletionRequest,
  candidates: readonly OrderedCandidate[],
): readonly OrderedCandidate[] {
  const sent = LISTED_PARAMETERS.filter((name) => request.parameters.includes(name));
  const fitting = candidates.filter(({ endpoint }) => sent.every((name) => supports(endpoint, name)));
  if (fitting.length > 0 || candidates.length === 0) return fitting;
  const nowhere = sent.filter((name) => !candidates.some(({ endpoint }) => supports(endpoint, name)));
  const names = nowhere.length > 0 ? nowhere : sent;
  throw new GatewayError('unsupported_parameter', {
    message:
      nowhere.length > 0
        ? `No endpoint of the model takes ${names.join(', ')}.`
        : `No endpoint of the model takes all of ${names.join(', ')}.`,
    metadata: { parameters: names },
  });
}
