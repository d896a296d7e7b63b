import type { CompletionRequest } from '@switchyard/contracts';
import { isRecord, recordOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { ENCRYPTED_REASONING, LOGPROBS, renderRequest } from '../../openai-responses/request.js';
import { supports } from '../../parameters.js';
import type { RenderTarget, UpstreamRequest } from '../../types.js';
import { GATEWAY_FIELDS, routingFields } from '../common/routing-fields.js';
import { editInput } from './input-edit.js';
import { editTools } from './tools-edit.js';

/** Fields that only this gateway knows, and the user, who leaves as a hash. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(routingFields),
  // `max_tool_calls` is a field of this format as well.
  ...GATEWAY_FIELDS.filter((field) => field !== 'max_tool_calls'),
  'modalities',
  'image_config',
  'user',
  // Of a response that was stored here: no provider knows it.
  'previous_response_id',
]);

/** Fields that are decided per endpoint: what the rendered request leaves out, this endpoint cannot take. */
const DECIDED = [
  'model',
  'stream',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'service_tier',
  'safety_identifier',
  'metadata',
  'store',
] as const;

/**
 * The client's own body for an upstream of the same format. Input and tools stay as they were sent, but for what the provider
 * could not read or nobody could be billed for; what the endpoint must not receive is decided as for any client.
 */
export function editRequest(request: CompletionRequest, body: JsonRecord, target: RenderTarget): UpstreamRequest {
  const rendered = renderRequest(request, target);
  const dropped = [...rendered.dropped];
  const edited: JsonRecord = Object.fromEntries(
    Object.entries(body).filter(([field, value]) => !OWN_FIELDS.has(field) && value !== null),
  );
  for (const field of DECIDED) replace(edited, field, rendered.body[field]);
  const tools = editTools(body['tools'], rendered.body['tools'], target, dropped);
  replace(edited, 'tools', tools);
  for (const field of ['tool_choice', 'parallel_tool_calls'])
    if (!tools || dropped.includes(field)) delete edited[field];
  replace(edited, 'text', editText(body['text'], recordOf(rendered.body['text'])));
  replace(edited, 'reasoning', editReasoning(body['reasoning'], recordOf(rendered.body['reasoning'])));
  replace(edited, 'include', editInclude(body['include'], rendered.body['include'], refusedIncludes(target, dropped)));
  edited['input'] = editInput(body['input'], target);
  return { ...rendered, body: edited, dropped };
}

function replace(body: JsonRecord, field: string, value: unknown): void {
  if (value === undefined) delete body[field];
  else body[field] = value;
}

const nonEmpty = (record: JsonRecord): JsonRecord | undefined => (Object.keys(record).length > 0 ? record : undefined);

/** The client's own schema, where there may be one. */
function editText(text: unknown, rendered: JsonRecord): JsonRecord | undefined {
  const { format, verbosity: _verbosity, ...rest } = recordOf(text);
  const isPlain = isRecord(format) && format['type'] === 'text';
  return nonEmpty({
    ...rest,
    ...(rendered['verbosity'] !== undefined && { verbosity: rendered['verbosity'] }),
    ...(isRecord(format) && (isPlain || rendered['format'] !== undefined) && { format }),
  });
}

/** The effort is the nearest that the model knows; a summary only where the client asked for one, as everywhere in this format. */
function editReasoning(reasoning: unknown, rendered: JsonRecord): JsonRecord | undefined {
  const { effort: _effort, max_tokens: _tokens, exclude: _exclude, enabled: _enabled, ...rest } = recordOf(reasoning);
  if (rendered['effort'] === undefined && rendered['summary'] === undefined) return undefined;
  const own = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  return nonEmpty({ ...own, ...(rendered['effort'] !== undefined && { effort: rendered['effort'] }) });
}

/** Nothing is stored: without its reasoning a conversation could not go on. */
function editInclude(include: unknown, rendered: unknown, refused: readonly unknown[]): readonly unknown[] | undefined {
  const asked: readonly unknown[] = Array.isArray(include) ? include : [];
  const needed: readonly unknown[] = Array.isArray(rendered) ? rendered : [];
  const all = [...new Set([...asked, ...needed])].filter((entry) => !refused.includes(entry));
  return all.length > 0 ? all : undefined;
}

const refusedIncludes = ({ endpoint }: RenderTarget, dropped: readonly string[]): readonly unknown[] => [
  ...(supports(endpoint, 'reasoning') ? [] : [ENCRYPTED_REASONING]),
  ...(dropped.includes('logprobs') ? [LOGPROBS] : []),
];
