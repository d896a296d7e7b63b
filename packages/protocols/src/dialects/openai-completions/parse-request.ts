import type { CompletionRequest } from '@switchyard/contracts';
import { z } from 'zod';
import { invalid, parseBody, unknownFields } from '../common/fault.js';
import { GATEWAY_FIELDS, routingFields, routingOf } from '../common/routing-fields.js';
import { optional, present } from '../common/schema-helpers.js';

const penalty = optional(z.number().min(-2).max(2));
const MAX_STOPS = 4;

/** `POST /completions`, OpenAI's API from before there were messages (platform.openai.com/docs/api-reference/completions). */
const completionsRequest = z.looseObject({
  ...routingFields,
  prompt: z.union(
    [z.string().transform((text) => [text]), z.array(z.string()).max(2048)],
    'expected a text; lists of tokens are not supported',
  ),
  stream: optional(z.boolean()),
  max_tokens: optional(z.int().min(1)),
  n: optional(z.int().min(1).max(128)),
  best_of: optional(z.int().min(1).max(128)),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  seed: optional(z.int()),
  stop: optional(
    z.union(
      [z.string().transform((text) => [text]), z.array(z.string()).max(MAX_STOPS)],
      'expected a string or at most 4 strings',
    ),
  ),
  logit_bias: optional(z.record(z.string().max(32), z.number().min(-100).max(100))),
  logprobs: optional(z.int().min(0).max(20)),
  echo: optional(z.literal(false, 'is not supported: the prompt is the caller’s own')),
  suffix: optional(z.string()),
  user: optional(z.string().max(1024)),
});
type CompletionsRequest = z.output<typeof completionsRequest>;

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(completionsRequest.shape),
  ...GATEWAY_FIELDS,
  'stream_options',
]);

/**
 * Reads the body of `POST /completions`: the prompt becomes one message of a user.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault.
 */
export function parseRequest(input: unknown): CompletionRequest {
  const { request, body } = parseBody(completionsRequest, input);
  const [prompt, ...others] = request.prompt;
  if (prompt === undefined || others.length > 0)
    throw invalid('prompt', 'prompt: expected one prompt; send a request for each of several');
  if ((request.suffix ?? '') !== '')
    throw invalid('suffix', 'suffix: models that fill in the middle are not served here');
  if ((request.best_of ?? 1) > (request.n ?? 1))
    throw invalid('best_of', 'best_of: more than n is generated and thrown away; ask for n');
  return present({
    ...routingOf(request),
    messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
    stream: request.stream ?? false,
    maxTokens: request.max_tokens,
    n: request.n,
    temperature: request.temperature,
    topP: request.top_p,
    frequencyPenalty: request.frequency_penalty,
    presencePenalty: request.presence_penalty,
    seed: request.seed,
    stop: request.stop,
    logitBias: request.logit_bias,
    logprobs: request.logprobs === null || request.logprobs === undefined ? undefined : true,
    topLogprobs: request.logprobs,
    user: request.user,
    parameters: parametersOf(request),
    extra: unknownFields(body, KNOWN_FIELDS),
  }) as unknown as CompletionRequest;
}

const PARAMETERS = [
  'max_tokens',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'logit_bias',
  'logprobs',
] as const;

const parametersOf = (request: CompletionsRequest): string[] =>
  PARAMETERS.filter((name) => (request[name] ?? undefined) !== undefined);
