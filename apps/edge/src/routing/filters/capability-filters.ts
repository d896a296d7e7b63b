import type { CatalogueEndpoint, CompletionRequest, JobId } from '@switchyard/contracts';
import { servesJob } from '@switchyard/protocols';
import { endpointProtocol } from '@switchyard/providers/endpoint-protocol';
import { isSubset } from '../sets.js';
import type { FilterFactory } from './filter.js';

/** Chat completions need text out, and whatever else the request names in `modalities`; a job needs endpoints of its own. */
export const outputModality: FilterFactory = ({ facts }) => {
  const { job } = facts;
  const wanted = new Set(job === undefined ? ['text', ...facts.outputModalities] : [job]);
  return {
    reason: 'output_modality',
    keeps: ({ outputModalities, endpoint }) =>
      isSubset(wanted, outputModalities) && (job === undefined || hasFormOf(job, endpoint)),
  };
};

/** Whether the provider of the endpoint can be asked for the job; of one that nobody knows its worker decides. */
function hasFormOf(job: JobId, endpoint: CatalogueEndpoint): boolean {
  const protocol = endpointProtocol(endpoint);
  return protocol === null || servesJob(job, protocol, endpoint);
}

/** What a job cannot be done without; other parameters are left out where an endpoint has no word for them. */
export const jobNeeds: FilterFactory = ({ facts: { needs = [] } }) =>
  needs.length === 0
    ? null
    : {
        reason: 'require_parameters',
        keeps: ({ supportedParameters }) => needs.every((name) => supportedParameters.has(name)),
      };

/** Every kind of content part in the request must be one that the endpoint reads. */
export const inputModality: FilterFactory = ({ facts }) => {
  const wanted = new Set(facts.inputModalities);
  return { reason: 'input_modality', keeps: ({ inputModalities }) => isSubset(wanted, inputModalities) };
};

/** More output asked for than the endpoint can give. */
export const maxCompletionTokens: FilterFactory = ({ request: { maxTokens } }) =>
  maxTokens === undefined
    ? null
    : {
        reason: 'max_completion_tokens',
        keeps: ({ endpoint }) => endpoint.maxCompletionTokens === null || maxTokens <= endpoint.maxCompletionTokens,
      };

/**
 * A `tool_choice` that demands a call, where tools are taken but choices are not. Whoever takes no tools at all has no choice either;
 * `auto` and `none` ask for nothing that could be missed.
 */
export const toolChoiceValue: FilterFactory = ({ request: { toolChoice, tools } }) => {
  if (!tools?.length || toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return null;
  return {
    reason: 'tool_choice',
    keeps: ({ supportedParameters }) => !supportedParameters.has('tools') || supportedParameters.has('tool_choice'),
  };
};

/** The words of `supported_parameters` (spec 1.2). Others (`user`, `stream`, …) ask nothing of a model. */
const MODEL_PARAMETERS: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'max_tokens',
  'max_completion_tokens',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'prediction',
  'seed',
  'response_format',
  'structured_outputs',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'include_reasoning',
  'reasoning',
  'reasoning_effort',
  'web_search_options',
  'verbosity',
  'dimensions',
  'instructions',
  'speed',
  'timestamp_granularities',
]);

/** Two names of one ability: an endpoint that lists either understands both, because the protocol renders its own word. */
const SAME_ABILITY: ReadonlyMap<string, string> = new Map([
  ['max_tokens', 'max_completion_tokens'],
  ['max_completion_tokens', 'max_tokens'],
  ['reasoning_effort', 'reasoning'],
  ['include_reasoning', 'reasoning'],
]);

/** `provider.require_parameters`: every parameter that was sent must be supported. */
export const requiredParameters: FilterFactory = ({ request }) => {
  if (!request.provider.requireParameters) return null;
  const wanted = parametersOf(request);
  return {
    reason: 'require_parameters',
    keeps: ({ supportedParameters }) =>
      wanted.every((name) => supportedParameters.has(name) || supportedParameters.has(SAME_ABILITY.get(name) ?? name)),
  };
};

/** Parameters that the request asks a model for, in OpenRouter's words. */
export function parametersOf(request: CompletionRequest): readonly string[] {
  const names = request.parameters.filter((name) => MODEL_PARAMETERS.has(name));
  return request.responseFormat?.type === 'json_schema' ? [...names, 'structured_outputs'] : names;
}
