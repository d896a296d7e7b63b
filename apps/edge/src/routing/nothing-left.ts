import { GatewayError } from '@switchyard/contracts';
import { describeMedia, mediaIn } from '@switchyard/protocols';
import { availability } from './availability.js';
import type { AvailabilityFacts } from './availability.js';
import { contextExceeded } from './context-exceeded.js';
import type { RequestedModel } from './model-expression.js';
import { preferenceRefusal, settledBy } from './preference-refusal.js';
import { isRouter } from './routers/names.js';
import type { RoutingInput } from './routing.js';
import type { Sieve } from './sieve.js';
import { withoutVariants } from './variants.js';

const RETRY_AFTER_MS = 1_000;

/**
 * The error for a request that no endpoint may serve. The sentences are the ones that clients of OpenRouter match on (spec
 * 5.3); `metadata.availability` says how many endpoints each rule left out.
 */
export function nothingLeft(input: RoutingInput, models: readonly RequestedModel[], sieve: Sieve): GatewayError {
  const [first = ''] = input.request.models;
  if (models.length === 0 && isRouter(withoutVariants(first))) return noModelFits(input, sieve);
  const { decisive } = sieve;
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

  const refusal = preferenceRefusal(decisive, endpointsOf(models));
  if (refusal) return filtered(refusal.message, refusal.constraint, refusal.code);

  switch (decisive?.reason) {
    case 'input_modality':
      return filtered(`No endpoints found that support ${missingInputs(input, models)} input`, {
        field: 'messages',
        detail: `The model reads ${[...inputsOf(models)].sort().join(', ') || 'nothing'}.`,
      });
    case 'media_form':
      return filtered(`No endpoints found that can read ${list(mediaIn(input.request).map(describeMedia))}`, {
        field: 'messages',
        detail: 'Some providers take bytes in base64 only, and each its own media types.',
      });
    case 'output_modality':
      return filtered(
        `No endpoints found that support the requested output modalities: ${list([input.facts.job ?? 'text', ...input.facts.outputModalities])}`,
      );
    case 'allowed_providers':
    case 'ignored_providers':
    case 'fallbacks_off':
      return filtered(
        'No allowed providers are available for the selected model',
        decisive?.setBy && { field: 'provider', detail: settledBy(decisive.setBy) },
      );
    case 'free_variant':
      return filtered(`No endpoints found for ${namesOf(models)}:free.`, undefined, 'free_variant_ended');
    case 'thinking_variant':
      return filtered('No endpoints found that can handle the requested parameters', {
        field: 'model',
        detail: 'No endpoint of the model can reason, which :thinking asks for.',
      });
    case 'web_search':
      return filtered('No endpoints found that support web search', {
        field: 'model',
        detail:
          'Only providers that search the web themselves can: this gateway has no search engine of its own. Their endpoints list web_search_options.',
      });
    case 'tool_choice':
      return filtered("No endpoints found that support the provided 'tool_choice' value");
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
        message: `No endpoints found for ${namesOf(models)}.`,
        metadata: availability({ ...facts, code: 'no_endpoints', retryable: false }),
      });
  }
}

/** A router has no model to choose (spec 3.6). */
const noModelFits = (input: RoutingInput, sieve: Sieve): GatewayError =>
  new GatewayError('no_endpoints', {
    message: 'No models match your request and model restrictions',
    metadata: availability({
      code: 'constraint_filtered',
      retryable: false,
      requested: input.request.models,
      providers: sieve.affectedProviders,
      excluded: sieve.excluded(),
    }),
  });

const namesOf = (models: readonly RequestedModel[]): string =>
  models.map(({ prepared }) => prepared.model.id).join(', ');

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
