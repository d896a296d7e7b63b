import type { CompletionRequest } from '@switchyard/contracts';
import { isRecord } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { RenderTarget } from '../types.js';
import { readableReasoning, renderMessages, roleFor } from './request-messages.js';

/** Fields of assistant messages that only our own API has. */
const GATEWAY_MESSAGE_FIELDS = [
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'images',
  'annotations',
  'model',
] as const;

/**
 * The client's own messages after the smallest edit that makes them fit an upstream of the same format: what we do not know
 * stays. A tool result with a picture needs more than an edit, so all are rendered anew then.
 */
export function editMessages(request: CompletionRequest, body: JsonRecord, target: RenderTarget): unknown {
  const raw = body['messages'];
  const pictures = request.messages.some(
    (message) => message.role === 'tool' && message.content.some((part) => part.type !== 'text'),
  );
  if (!Array.isArray(raw) || pictures) return renderMessages(request.messages, target);
  return raw.map((message: unknown, position) =>
    isRecord(message) ? editMessage(message, position, request, target) : message,
  );
}

function editMessage(
  message: JsonRecord,
  position: number,
  request: CompletionRequest,
  target: RenderTarget,
): JsonRecord {
  let edited = message;
  const change = (changes: JsonRecord): void => {
    edited = { ...edited, ...changes };
  };
  if (message['role'] === 'developer') change({ role: roleFor('developer', target) });
  const parts = message['content'];
  if (Array.isArray(parts) && parts.some(hasCacheHint)) change({ content: parts.map(withoutCacheHint) });
  if (message['role'] !== 'assistant') return edited;
  const gatewayFields = GATEWAY_MESSAGE_FIELDS.filter((field) => field in message);
  if (gatewayFields.length === 0) return edited;
  edited = { ...edited };
  for (const field of gatewayFields) delete edited[field];
  const canonical = request.messages[position];
  const reasoning = target.reasoningField && canonical?.role === 'assistant' ? readableReasoning(canonical) : '';
  if (reasoning) change({ [target.reasoningField!]: reasoning });
  return edited;
}

/** Cache hints are Anthropic's; OpenAI's format caches by itself and its servers refuse fields that they do not know. */
const CACHE_HINTS = ['cache_control', 'prompt_cache_breakpoint'] as const;
const hasCacheHint = (part: unknown): boolean => isRecord(part) && CACHE_HINTS.some((hint) => hint in part);

export function withoutCacheHint(part: unknown): unknown {
  if (!hasCacheHint(part)) return part;
  const rest = { ...(part as JsonRecord) };
  for (const hint of CACHE_HINTS) delete rest[hint];
  return rest;
}

/** The client's own tools: unknown fields stay, cache hints go. */
export const editTools = (tools: unknown): unknown =>
  Array.isArray(tools)
    ? tools.map((tool: unknown) => {
        const edited = withoutCacheHint(tool);
        if (!isRecord(edited) || !hasCacheHint(edited['function'])) return edited;
        return { ...edited, function: withoutCacheHint(edited['function']) };
      })
    : tools;
