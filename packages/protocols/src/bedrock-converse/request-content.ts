import { Buffer } from 'node:buffer';
import { GatewayError } from '@switchyard/contracts';
import type { AssistantMessage, CacheControl, ContentPart, MediaSource } from '@switchyard/contracts';
import { renderToolId } from '../anthropic-messages/request-content.js';
import { CLAUDE_REASONING } from '../anthropic-messages/wire.js';
import { compact, isRecord, parseJson } from '../json.js';
import type { JsonRecord } from '../json.js';
import { BEDROCK_REASONING } from './wire.js';
import type { Family, WireBlock } from './wire.js';

/** Formats by the end of their media type, where the two have different names. */
const DOCUMENT_FORMATS: Readonly<Record<string, string>> = {
  'vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'vnd.ms-excel': 'xls',
  msword: 'doc',
  plain: 'txt',
  markdown: 'md',
};
const VIDEO_FORMATS: Readonly<Record<string, string>> = { quicktime: 'mov', 'x-matroska': 'mkv', '3gpp': 'three_gp' };

/** A content part with what may be cached after it; nothing for an empty text, which is refused. */
export function renderPart(part: ContentPart, family: Family): WireBlock[] {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ text: part.text }, ...cachePoint(part.cacheControl, family)];
    case 'image':
      return [{ image: media(part.source, 'image', {}) }, ...cachePoint(part.cacheControl, family)];
    case 'file':
      return [renderFile(part.source, part.filename), ...cachePoint(part.cacheControl, family)];
    case 'video':
      return [{ video: media(part.source, 'video', VIDEO_FORMATS) }];
    default:
      return [{ audio: { format: part.format, source: { bytes: part.data } } }];
  }
}

/** Where the cache ends that a part asks for: a block of its own. Models of other makers refuse it. */
export function cachePoint(cache: CacheControl | undefined, family: Family): WireBlock[] {
  if (!cache || (family !== 'claude' && family !== 'nova')) return [];
  const ttl = family === 'claude' && cache.ttl === '1h' ? '1h' : undefined;
  return [{ cachePoint: compact({ type: 'default', ttl }) }];
}

function media(source: MediaSource, kind: string, names: Readonly<Record<string, string>>): JsonRecord {
  const type = source.kind === 'base64' ? source.mediaType : '';
  const subtype = type.slice(type.indexOf('/') + 1).split(';', 1)[0]!;
  return { format: names[subtype] ?? (subtype || defaultFormat(kind)), source: renderSource(source, kind) };
}

const defaultFormat = (kind: string): string => ({ image: 'png', video: 'mp4' })[kind] ?? 'pdf';

/**
 * Bytes only. Bedrock would also read objects of S3, but with the rights of whoever signs: a caller must not see what the operator can.
 * @throws GatewayError `invalid_request` for an address or an id, because nothing is fetched here
 */
function renderSource(source: MediaSource, kind: string): JsonRecord {
  if (source.kind === 'base64') return { bytes: source.data };
  throw new GatewayError('invalid_request', {
    message: `This endpoint takes no ${kind} by its address: send its bytes in base64.`,
  });
}

function renderFile(source: MediaSource, filename: string | undefined): WireBlock {
  const type = source.kind === 'base64' ? source.mediaType : '';
  if (type.startsWith('image/')) return { image: media(source, 'image', {}) };
  if (type.startsWith('video/')) return { video: media(source, 'video', VIDEO_FORMATS) };
  const { format, source: rendered } = media(source, 'document', DOCUMENT_FORMATS);
  // Plain text documents travel as text, so that what they say can be cited.
  const text =
    source.kind === 'base64' && type === 'text/plain'
      ? { text: Buffer.from(source.data, 'base64').toString('utf8') }
      : rendered;
  return { document: { format, name: documentName(filename), source: text } };
}

/** Letters, digits, single spaces, hyphens and brackets; nothing else may be in the name of a document. */
const documentName = (filename = ''): string =>
  filename
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replaceAll(/[^A-Za-z0-9()[\]-]+/g, ' ')
    .trim()
    .slice(0, 200) || 'document';

/** Thinking goes first and exactly as it came: its signature covers every byte. */
export function renderAssistant(message: AssistantMessage, family: Family): WireBlock[] {
  return [
    ...(family === 'claude' ? renderThinking(message) : []),
    ...message.content.flatMap((part) => (part.type === 'text' ? renderPart(part, family) : [])),
    ...(message.refusal ? [{ text: message.refusal }] : []),
    ...message.toolCalls.map((call) => ({
      toolUse: { toolUseId: renderToolId(call.id), name: call.name, input: renderInput(call.arguments) },
    })),
  ];
}

/** Only what Claude made and signed, and only to Claude: it refuses thinking of others, and others refuse all. */
function renderThinking(message: AssistantMessage): WireBlock[] {
  return message.reasoning.flatMap((detail): WireBlock[] => {
    if (detail.type === 'reasoning.text' && detail.format === CLAUDE_REASONING && detail.signature)
      return [{ reasoningContent: { reasoningText: { text: detail.text, signature: detail.signature } } }];
    return detail.type === 'reasoning.encrypted' && detail.format === BEDROCK_REASONING
      ? [{ reasoningContent: { redactedContent: detail.data } }]
      : [];
  });
}

/** `input` must be an object. Arguments that a model broke are shown to it as the text that they are. */
function renderInput(text: string): JsonRecord {
  if (text.trim() === '') return {};
  const value = parseJson(text)?.value;
  return isRecord(value) ? value : { invalid_arguments: text };
}
