import type { CompletionRequest } from '@switchyard/contracts';
import { renderRequest } from '../../gemini/request.js';
import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import type { RenderTarget, UpstreamRequest } from '../../types.js';
import { GATEWAY_FIELDS, routingFields } from '../common/routing-fields.js';
import { camelKeys } from './keys.js';
import { wrappedDetail } from './signatures.js';

const OWN_FIELDS: ReadonlySet<string> = new Set([...Object.keys(routingFields), ...GATEWAY_FIELDS, 'stream', 'labels']);

/** Settings that are decided per endpoint: what the rendered request leaves out, this endpoint cannot take. */
const DECIDED = [
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'stopSequences',
  'frequencyPenalty',
  'presencePenalty',
  'responseLogprobs',
  'logprobs',
  'thinkingConfig',
] as const;

/** The client's own body for an upstream of the same format, without what the endpoint cannot take and the thoughts of others. */
export function editRequest(request: CompletionRequest, body: JsonRecord, target: RenderTarget): UpstreamRequest {
  const rendered = renderRequest(request, target);
  const client = camelKeys(body) as JsonRecord;
  const edited: JsonRecord = Object.fromEntries(
    Object.entries(client).filter(([field, value]) => !OWN_FIELDS.has(field) && value !== null),
  );
  const config = editConfig(camelKeys(client['generationConfig']), rendered.body['generationConfig']);
  if (config) edited['generationConfig'] = config;
  else delete edited['generationConfig'];
  if (Array.isArray(client['contents'])) edited['contents'] = client['contents'].map(withoutForeignThoughts);
  return { ...rendered, body: edited };
}

function editConfig(client: unknown, rendered: unknown): JsonRecord | undefined {
  if (!isRecord(client)) return undefined;
  const decided = isRecord(rendered) ? rendered : {};
  const edited = { ...client };
  // A wish to think that says only whether to show it has no counterpart, and is passed on.
  for (const field of DECIDED) if (field !== 'thinkingConfig' && decided[field] === undefined) delete edited[field];
  if (isRecord(edited['thinkingConfig']) && isRecord(decided['thinkingConfig']))
    edited['thinkingConfig'] = { ...(camelKeys(edited['thinkingConfig']) as JsonRecord), ...decided['thinkingConfig'] };
  return edited;
}

function withoutForeignThoughts(content: unknown): unknown {
  if (!isRecord(content) || !Array.isArray(content['parts'])) return content;
  const parts = content['parts'].flatMap((part: unknown) => {
    if (!isRecord(part)) return [part];
    const known = camelKeys(part) as JsonRecord;
    const signature = known['thoughtSignature'];
    if (typeof signature !== 'string' || wrappedDetail(signature) === null) return [part];
    // A thought of another is nothing to Google's model; a call keeps everything but the signature.
    const { thoughtSignature: _signature, ...rest } = known;
    return known['thought'] === true || known['text'] === '' ? [] : [rest];
  });
  return { ...content, parts };
}
