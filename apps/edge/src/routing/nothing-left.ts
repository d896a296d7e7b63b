import { GatewayError } from '@switchyard/contracts';
import { availability } from './availability.js';
import type { AvailabilityFacts } from './availability.js';
import { contextExceeded } from './context-exceeded.js';
import type { RequestedModel } from './model-expression.js';
import { preferenceRefusal } from './preference-refusal.js';
import type { RoutingInput } from './routing.js';
import type { Sieve } from './sieve.js';

const RETRY_AFTER_MS = 1_000;

/**
 * The error for a request that no endpoint may serve. The sentences are the ones that clients of OpenRouter match on (spec
 * 5.3); `metadata.availability` says how many endpoints each rule left out.
 */
export function nothingLeft(input: RoutingInput, models: readonly RequestedModel[], sieve: Sieve): GatewayError {
  const facts = { requested: input.request.models, providers: sieve.affectedProviders, excluded: sieve.excluded() };
  const filtered = (
    message: string,
    constraint?: AvailabilityFacts['constraint'],
    code: AvailabilityFacts['code'] = 'constraint_filtered',
  ): GatewayError =>
    new GatewayError('no_endpoints', {
      message,
      metadata: availability({ ...facts, code, retryable: false, ...(constraint && { constraint }) }),
    });

  const refusal = preferenceRefusal(sieve.decisiveReason, endpointsOf(models));
  if (refusal) return filtered(refusal.message, refusal.constraint, refusal.code);

  switch (sieve.decisiveReason) {
    case 'input_modality':
      return filtered(`No endpoints found that support ${missingInputs(input, models)} input`, {
        field: 'messages',
        detail: `The model reads ${[...inputsOf(models)].sort().join(', ') || 'nothing'}.`,
      });
    case 'output_modality':
      return filtered(
        `No endpoints found that support the requested output modalities: ${list([input.facts.job ?? 'text', ...input.facts.outputModalities])}`,
      );
    case 'allowed_providers':
    case 'ignored_providers':
    case 'fallbacks_off':
      return filtered('No allowed providers are available for the selected model');
    case 'require_parameters':
      return filtered('No endpoints found that can handle the requested parameters');
    case 'max_completion_tokens':
      return filtered('No endpoints found that can handle the requested parameters', {
        field: 'max_tokens',
        detail: `The largest value that an endpoint of the model takes is ${mostOutput(models)}.`,
      });
    case 'context_length':
      return contextExceeded(input, models, facts);
    case 'worker_unavailable':
      return new GatewayError('worker_unavailable', {
        retryAfterMs: RETRY_AFTER_MS,
        metadata: availability({ ...facts, code: 'temporarily_unavailable', retryable: true, retryAfterSeconds: 1 }),
      });
    default:
      return new GatewayError('no_endpoints', {
        message: `No endpoints found for ${models.map(({ prepared }) => prepared.model.id).join(', ')}.`,
        metadata: availability({ ...facts, code: 'no_endpoints', retryable: false }),
      });
  }
}

const endpointsOf = (models: readonly RequestedModel[]) => models.flatMap(({ prepared }) => prepared.endpoints);

const inputsOf = (models: readonly RequestedModel[]): ReadonlySet<string> =>
  new Set(endpointsOf(models).flatMap(({ inputModalities }) => [...inputModalities]));

function missingInputs({ facts }: RoutingInput, models: readonly RequestedModel[]): string {
  const readable = inputsOf(models);
  const missing = facts.inputModalities.filter((modality) => !readable.has(modality));
  return list(missing.length > 0 ? missing : facts.inputModalities);
}

const mostOutput = (models: readonly RequestedModel[]): number =>
  Math.max(...endpointsOf(models).map(({ endpoint }) => endpoint.maxCompletionTokens ?? 0));

const list = (words: readonly string[]): string => [...new Set(words)].join(', ');
