import { Buffer } from 'node:buffer';
import type { AssistantMessage, CacheControl, ContentPart, MediaSource, ReasoningDetail } from '@switchyard/contracts';
import { compact, isRecord, parseJson } from '../json.js';
import type { JsonRecord } from '../json.js';
import { mediaTypeOfUrl } from '../media.js';
import { CLAUDE_REASONING } from './wire.js';
import type { WireBlock } from './wire.js';

export const renderCache = (cache: CacheControl | undefined): JsonRecord | undefined =>
  cache && compact({ type: 'ephemeral', ttl: cache.ttl });

/** Tool call ids of other providers may have characters that Anthropic refuses; call and result are changed alike. */
export const renderToolId = (id: string): string => id.replaceAll(/[^A-Za-z0-9_-]/g, '_') || 'call';

/** A content part as a block; undefined for what Claude cannot take. Empty texts are refused, so they are left out. */
export function renderPart(part: ContentPart): WireBlock | undefined {
  switch (part.type) {
    case 'text':
      return part.text === '' ? undefined : block({ type: 'text', text: part.text }, part.cacheControl);
    case 'image':
      return block({ type: 'image', source: renderSource(part.source) }, part.cacheControl);
    case 'file':
      return block(renderFile(part.source, part.filename), part.cacheControl);
    default:
      return undefined;
  }
}

const block = (fields: JsonRecord & { type: string }, cache: CacheControl | undefined): WireBlock =>
  compact({ ...fields, cache_control: renderCache(cache) }) as WireBlock;

function renderSource(source: MediaSource): JsonRecord {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  if (source.kind === 'id') return { type: 'file', file_id: source.id };
  return { type: 'base64', media_type: source.mediaType, data: source.data };
}

function renderFile(source: MediaSource, filename: string | undefined): JsonRecord & { type: string } {
  const mediaType =
    source.kind === 'base64' ? source.mediaType : source.kind === 'url' ? mediaTypeOfUrl(source.url, '') : '';
  if (mediaType.startsWith('image/')) return { type: 'image', source: renderSource(source) };
  // Plain text documents travel as text, not as base64.
  if (source.kind === 'base64' && mediaType.startsWith('text/')) {
    const data = Buffer.from(source.data, 'base64').toString('utf8');
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, title: filename };
  }
  return { type: 'document', source: renderSource(source), title: filename };
}

/** Thinking goes first and exactly as it came: its signature covers every byte. */
export function renderAssistant(message: AssistantMessage): WireBlock[] {
  return [
    ...renderThinking(message),
    ...message.content.map(renderPart).filter((part) => part !== undefined && part.type === 'text'),
    ...(message.refusal ? [{ type: 'text', text: message.refusal }] : []),
    ...message.toolCalls.map((call) => ({
      type: 'tool_use',
      id: renderToolId(call.id),
      name: call.name,
      input: renderInput(call.arguments),
    })),
  ] as WireBlock[];
}

/** Only what Claude made and signed: it refuses thinking of others, and its own without signature. */
export const isOwnThought = (detail: ReasoningDetail): boolean =>
  detail.format === CLAUDE_REASONING &&
  (detail.type === 'reasoning.encrypted' || (detail.type === 'reasoning.text' && Boolean(detail.signature)));

function renderThinking(message: AssistantMessage): WireBlock[] {
  return message.reasoning.filter(isOwnThought).flatMap((detail): WireBlock[] => {
    if (detail.type === 'reasoning.text')
      return [{ type: 'thinking', thinking: detail.text, signature: detail.signature }];
    return detail.type === 'reasoning.encrypted' ? [{ type: 'redacted_thinking', data: detail.data }] : [];
  });
}

/** `input` must be an object. Arguments that a model broke are shown to it as the text that they are. */
function renderInput(text: string): JsonRecord {
  if (text.trim() === '') return {};
  const value = parseJson(text)?.value;
  return isRecord(value) ? value : { invalid_arguments: text };
}
