import type { CatalogueEndpoint, CompletionRequest } from '@switchyard/contracts';

/**
 * The parameters that an endpoint lists when it supports them (OpenRouter's `supported_parameters`). Others, such as `user` or
 * `audio`, are never listed, so their absence says nothing.
 */
export const LISTED_PARAMETERS = [
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'seed',
  'stop',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'structured_outputs',
  'reasoning',
  'verbosity',
  'web_search_options',
  'prediction',
] as const;
export type ListedParameter = (typeof LISTED_PARAMETERS)[number];

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  max_tokens: ['max_completion_tokens'],
  reasoning: ['include_reasoning', 'reasoning_effort'],
  response_format: ['structured_outputs'],
  // Hardly any list names it: it is a detail of how tools are called.
  parallel_tool_calls: ['tools'],
};

export const supports = (endpoint: CatalogueEndpoint, parameter: ListedParameter): boolean =>
  endpoint.supportedParameters.includes(parameter) ||
  (ALIASES[parameter] ?? []).some((alias) => endpoint.supportedParameters.includes(alias));

/**
 * Keeps what an endpoint can take and remembers what it cannot. `format` names parameters that the wire format itself has no
 * place for, whatever the endpoint lists.
 */
export class ParameterFilter {
  readonly dropped: string[] = [];

  constructor(
    private readonly request: CompletionRequest,
    private readonly endpoint: CatalogueEndpoint,
    private readonly format: readonly ListedParameter[] = [],
  ) {}

  /** The value when the endpoint takes the parameter, else undefined. */
  take<Value>(parameter: ListedParameter, value: Value | undefined): Value | undefined {
    if (value === undefined) return undefined;
    if (!this.format.includes(parameter) && supports(this.endpoint, parameter)) return value;
    this.drop(parameter);
    return undefined;
  }

  drop(parameter: string): void {
    if (!this.dropped.includes(parameter)) this.dropped.push(parameter);
  }

  /** Reports the parameters of the format that were sent, where nobody asked for their value. */
  dropUnrenderable(): void {
    for (const parameter of this.format) if (this.request.parameters.includes(parameter)) this.drop(parameter);
  }
}
