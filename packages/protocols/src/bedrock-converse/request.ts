import type { CompletionRequest, ResponseFormat } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ParameterFilter, supports } from '../parameters.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { limitCachePoints } from './cache-points.js';
import { renderFields } from './request-fields.js';
import { renderMessages, renderSystem } from './request-messages.js';
import { renderTools } from './request-tools.js';
import { familyOf } from './wire.js';
import type { WireBlock } from './wire.js';

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'seed',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'prediction',
] as const;

/** `POST /model/{model}/converse` or `/converse-stream`. */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const family = familyOf(target);
  const { inference, additional } = renderFields(request, target, family, filter);
  const messages = renderMessages(request, family);
  const format = filter.take('response_format', request.responseFormat);
  const isEnforced = format?.type === 'json_schema' && supports(target.endpoint, 'structured_outputs');
  const system = [...renderSystem(request.messages, family), ...(isEnforced ? [] : jsonInstruction(format))];
  const toolConfig = renderTools(request, family, filter);
  limitCachePoints([toolConfig?.tools ?? [], system, ...messages.map(({ content }) => content)]);
  filter.dropUnrenderable();
  const body = compact({
    messages,
    system: system.length > 0 ? system : undefined,
    inferenceConfig: isEmpty(inference) ? undefined : inference,
    toolConfig: toolConfig && compact({ ...toolConfig }),
    additionalModelRequestFields: isEmpty(additional) ? undefined : additional,
    outputConfig: isEnforced ? renderFormat(format) : undefined,
    serviceTier: renderServiceTier(request.serviceTier),
  });
  const model = encodeURIComponent(target.endpoint.upstreamModel);
  return {
    path: `/model/${model}/${request.stream ? 'converse-stream' : 'converse'}`,
    headers: {
      'content-type': 'application/json',
      accept: request.stream ? 'application/vnd.amazon.eventstream' : 'application/json',
    },
    body,
    dropped: filter.dropped,
  };
}

const isEmpty = (record: JsonRecord): boolean => Object.keys(record).length === 0;

/** The schema is a text here, not JSON inside of JSON. */
function renderFormat(format: ResponseFormat & { type: 'json_schema' }): JsonRecord {
  const { name, description, schema = {} } = format;
  const jsonSchema = compact({ name, description, schema: JSON.stringify(schema) });
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
}

/** Converse has no JSON mode without a schema, and many models have no schemas: they are told in words. */
function jsonInstruction(format: ResponseFormat | undefined): WireBlock[] {
  if (!format || format.type === 'text') return [];
  const schema =
    format.type === 'json_schema' ? ` It must match this JSON Schema: ${JSON.stringify(format.schema ?? {})}` : '';
  return [{ text: `Answer with a single JSON value, without any text or code fence around it.${schema}` }];
}

const renderServiceTier = (tier: string | undefined): JsonRecord | undefined =>
  tier === 'default' || tier === 'flex' || tier === 'priority' ? { type: tier } : undefined;
