import type {
  CompletionRequest,
  FunctionTool,
  ReasoningOptions,
  ResponseFormat,
  ToolChoice,
} from '@switchyard/contracts';
import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { invalid, parseBody, unknownFields } from '../common/fault.js';
import { GATEWAY_FIELDS, routingOf } from '../common/routing-fields.js';
import { present } from '../common/schema-helpers.js';
import { camelKeys } from './keys.js';
import { messagesOf } from './messages.js';
import { generateContentRequest } from './request-schema.js';
import type { GenerateContentRequest } from './request-schema.js';
import { jsonSchemaOf } from './schema-of-google.js';

const KNOWN_FIELDS: ReadonlySet<string> = new Set([...Object.keys(generateContentRequest.shape), ...GATEWAY_FIELDS]);

type Config = NonNullable<GenerateContentRequest['generationConfig']>;

/**
 * Reads the body of `generateContent` and `streamGenerateContent`; the caller has put `model` and `stream` of the address into it.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault.
 */
export function parseRequest(input: unknown): CompletionRequest {
  const { request, body } = parseBody(generateContentRequest, withoutPrefix(camelKeys(input)));
  const config: Config = request.generationConfig ?? {};
  const tools = toolsOf(request);
  const searches = request.tools?.some((tool) => tool.googleSearch ?? tool.googleSearchRetrieval) ?? false;
  const toolChoice = toolChoiceOf(request);
  const responseFormat = formatOf(config);
  const reasoning = reasoningOf(config);
  return present({
    ...routingOf(request),
    messages: messagesOf(request),
    stream: request.stream ?? false,
    maxTokens: config.maxOutputTokens,
    n: config.candidateCount,
    temperature: config.temperature,
    topP: config.topP,
    topK: config.topK,
    seed: config.seed,
    stop: config.stopSequences,
    frequencyPenalty: config.frequencyPenalty,
    presencePenalty: config.presencePenalty,
    logprobs: config.responseLogprobs,
    topLogprobs: config.logprobs,
    tools: tools.length > 0 ? tools : undefined,
    toolChoice,
    responseFormat,
    reasoning,
    modalities: config.responseModalities?.map((modality) => modality.toLowerCase()),
    imageConfig: config.imageConfig && snakeImage(config.imageConfig),
    audio: voiceOf(config.speechConfig),
    webSearchOptions: searches ? {} : undefined,
    metadata: request.labels,
    parameters: parametersOf(config, { tools: tools.length > 0, toolChoice, responseFormat, reasoning, searches }),
    extra: unknownFields(body, KNOWN_FIELDS),
  }) as unknown as CompletionRequest;
}

/** Google names models `models/…`; so do its clients, whatever they are given. */
function withoutPrefix(body: unknown): unknown {
  if (!isRecord(body) || typeof body['model'] !== 'string') return body;
  return { ...body, model: body['model'].replace(/^(?:models|tunedModels)\//, '') };
}

const toolsOf = ({ tools }: GenerateContentRequest): FunctionTool[] =>
  (tools ?? []).flatMap(({ functionDeclarations }) =>
    (functionDeclarations ?? []).map(
      ({ name, description, parameters, parametersJsonSchema }) =>
        present({
          name,
          description,
          parameters: parametersJsonSchema ?? (parameters && jsonSchemaOf(parameters)),
        }) as unknown as FunctionTool,
    ),
  );

function toolChoiceOf({ toolConfig }: GenerateContentRequest): ToolChoice | undefined {
  const config = toolConfig?.functionCallingConfig;
  const [only, ...others] = config?.allowedFunctionNames ?? [];
  switch (config?.mode?.toUpperCase()) {
    case undefined:
    case 'MODE_UNSPECIFIED':
      return undefined;
    case 'NONE':
      return 'none';
    case 'AUTO':
    case 'VALIDATED':
      return 'auto';
    case 'ANY':
      return only !== undefined && others.length === 0 ? { name: only } : 'required';
    default:
      throw invalid(
        'toolConfig.functionCallingConfig.mode',
        'toolConfig.functionCallingConfig.mode: expected AUTO, ANY, NONE or VALIDATED',
      );
  }
}

function formatOf(config: Config): ResponseFormat | undefined {
  const schema = config.responseJsonSchema ?? (config.responseSchema && jsonSchemaOf(config.responseSchema));
  if (isRecord(schema)) return { type: 'json_schema', name: 'answer', schema };
  return config.responseMimeType === 'application/json' ? { type: 'json_object' } : undefined;
}

/** Thoughts are shown only to those who ask for them, as with Google; -1 means that the model decides. */
function reasoningOf({ thinkingConfig }: Config): ReasoningOptions | undefined {
  if (!thinkingConfig) return { exclude: true };
  const { thinkingBudget: budget, thinkingLevel: level, includeThoughts } = thinkingConfig;
  const effort = level?.toLowerCase();
  const exclude = includeThoughts === true ? {} : { exclude: true };
  if (budget === 0) return { enabled: false };
  if (typeof budget === 'number' && budget > 0) return { ...exclude, enabled: true, maxTokens: budget };
  if (effort === 'minimal' || effort === 'low' || effort === 'medium' || effort === 'high')
    return { ...exclude, enabled: true, effort };
  return { ...exclude, ...((budget === -1 || includeThoughts === true) && { enabled: true }) };
}

const snakeImage = (config: JsonRecord): JsonRecord => {
  const { aspectRatio, imageSize } = camelKeys(config) as JsonRecord;
  return present({ aspect_ratio: aspectRatio, image_size: imageSize });
};

function voiceOf(speech: Config['speechConfig']): JsonRecord | undefined {
  const voice = camelKeys((camelKeys(speech) as JsonRecord | undefined)?.['voiceConfig']) as JsonRecord | undefined;
  const prebuilt = camelKeys(voice?.['prebuiltVoiceConfig']) as JsonRecord | undefined;
  return typeof prebuilt?.['voiceName'] === 'string' ? { voice: prebuilt['voiceName'] } : undefined;
}

const PARAMETERS: Readonly<Record<string, string>> = {
  maxOutputTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  stopSequences: 'stop',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
};

interface Wishes {
  readonly tools: boolean;
  readonly toolChoice: ToolChoice | undefined;
  readonly responseFormat: ResponseFormat | undefined;
  readonly reasoning: ReasoningOptions | undefined;
  readonly searches: boolean;
}

function parametersOf(config: Config, wishes: Wishes): string[] {
  const parameters = Object.entries(PARAMETERS).flatMap(([field, name]) =>
    (config[field] ?? undefined) === undefined ? [] : [name],
  );
  if (wishes.tools) parameters.push('tools');
  if (wishes.toolChoice !== undefined) parameters.push('tool_choice');
  if (wishes.responseFormat) parameters.push('response_format');
  if (wishes.responseFormat?.type === 'json_schema') parameters.push('structured_outputs');
  if (wishes.reasoning?.enabled === true) parameters.push('reasoning');
  if (wishes.searches) parameters.push('web_search_options');
  return parameters;
}
