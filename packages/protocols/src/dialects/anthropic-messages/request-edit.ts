import type { CompletionRequest } from '@switchyard/contracts';
import { renderRequest } from '../../anthropic-messages/request.js';
import { MAX_SEARCHES } from '../../anthropic-messages/request-tools.js';
import { arrayOf, countOf, isRecord, textOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import type { RenderTarget, UpstreamRequest } from '../../types.js';
import { detailOf } from '../common/reasoning-tag.js';
import { GATEWAY_FIELDS, routingFields } from '../common/routing-fields.js';

const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(routingFields),
  ...GATEWAY_FIELDS,
  'fallbacks',
  'user',
]);

/** Fields that are decided per endpoint: what the rendered request leaves out, this endpoint cannot take. */
const DECIDED = [
  'model',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'service_tier',
  'metadata',
] as const;

const SERVER_SEARCH = /^web_search_\d{8}$/;

/**
 * The client's own body for an upstream of the same format. Messages, tools and system stay as they were sent, but for the
 * thoughts of other providers, which Claude would refuse; what the endpoint must not receive is decided as for any client.
 */
export function editRequest(request: CompletionRequest, body: JsonRecord, target: RenderTarget): UpstreamRequest {
  const rendered = renderRequest(request, target);
  const edited: JsonRecord = Object.fromEntries(
    Object.entries(body).filter(([field, value]) => !OWN_FIELDS.has(field) && value !== null),
  );
  for (const field of DECIDED) {
    if (rendered.body[field] === undefined) delete edited[field];
    else edited[field] = rendered.body[field];
  }
  if (rendered.body['output_config'] === undefined) delete edited['output_config'];
  const tools = editTools(body['tools'], rendered);
  if (tools.length > 0) edited['tools'] = tools;
  else delete edited['tools'];
  if (tools.length === 0 || rendered.dropped.includes('tool_choice')) delete edited['tool_choice'];
  if (Array.isArray(body['messages'])) edited['messages'] = body['messages'].map(withoutForeignThoughts);
  return { ...rendered, body: edited };
}

/**
 * Tools as they were sent. Web search, which is billed apart, goes only to endpoints that have a price for it, and not more often
 * than is held for; other tools of Anthropic's cost the tokens that they make.
 */
function editTools(tools: unknown, { dropped }: UpstreamRequest): readonly unknown[] {
  return arrayOf(tools).flatMap((tool): unknown[] => {
    if (!isRecord(tool)) return [];
    const type = textOf(tool['type']) ?? 'custom';
    if (SERVER_SEARCH.test(type))
      return dropped.includes('web_search_options')
        ? []
        : [{ ...tool, max_uses: Math.min(countOf(tool['max_uses']) ?? MAX_SEARCHES, MAX_SEARCHES) }];
    return type === 'custom' && dropped.includes('tools') ? [] : [tool];
  });
}

function withoutForeignThoughts(message: unknown): unknown {
  if (!isRecord(message) || message['role'] !== 'assistant' || !Array.isArray(message['content'])) return message;
  const own = message['content'].filter((block: unknown) => !isForeign(block));
  return own.length === message['content'].length ? message : { ...message, content: own };
}

/** A thought without a signature was not made by Claude either. */
function isForeign(block: unknown): boolean {
  if (!isRecord(block)) return false;
  if (block['type'] === 'thinking')
    return typeof block['signature'] !== 'string' || block['signature'] === '' || detailOf(block['signature']) !== null;
  return block['type'] === 'redacted_thinking' && typeof block['data'] === 'string' && detailOf(block['data']) !== null;
}
