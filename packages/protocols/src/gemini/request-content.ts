import type { AssistantMessage, CompletionRequest, ContentPart, Message } from '@switchyard/contracts';
import { compact, isRecord, parseJson } from '../json.js';
import type { JsonRecord } from '../json.js';
import { mediaTypeOfUrl } from '../media.js';
import { textOfParts } from '../openai-chat/request-messages.js';
import { GEMINI_REASONING } from './wire.js';
import type { WireContent, WirePart } from './wire.js';

export function renderSystem(messages: readonly Message[]): { readonly parts: WirePart[] } | undefined {
  const parts = messages
    .filter((message) => message.role === 'system' || message.role === 'developer')
    .flatMap((message) => message.content.flatMap(renderPart));
  return parts.length > 0 ? { parts } : undefined;
}

/** Turns of `user` and `model`; neighbours of one role become one turn, so that results of parallel calls stand together. */
export function renderContents(request: CompletionRequest): WireContent[] {
  const contents: WireContent[] = [];
  const names = toolNames(request.messages);
  for (const message of request.messages) {
    if (message.role === 'system' || message.role === 'developer') continue;
    const role = message.role === 'assistant' ? 'model' : 'user';
    const parts =
      message.role === 'assistant'
        ? renderAssistant(message)
        : message.role === 'tool'
          ? renderToolResult(message.toolCallId, names.get(message.toolCallId) ?? message.name ?? '', message.content)
          : message.content.flatMap(renderPart);
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else if (parts.length > 0) contents.push({ role, parts });
  }
  return contents;
}

/** Gemini matches results to calls by the name of the function. */
const toolNames = (messages: readonly Message[]): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap((message) =>
      message.role === 'assistant' ? message.toolCalls.map((call): [string, string] => [call.id, call.name]) : [],
    ),
  );

function renderPart(part: ContentPart): WirePart[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'audio':
      return [{ inlineData: { mimeType: `audio/${part.format}`, data: part.data } }];
    default: {
      const { source } = part;
      if (source.kind === 'base64') return [{ inlineData: { mimeType: source.mediaType, data: source.data } }];
      if (source.kind === 'id') return [{ fileData: { fileUri: source.id } }];
      const mimeType = mediaTypeOfUrl(source.url, DEFAULT_MEDIA_TYPES[part.type]);
      return [{ fileData: { mimeType, fileUri: source.url } }];
    }
  }
}

const DEFAULT_MEDIA_TYPES = { image: 'image/jpeg', video: 'video/mp4', file: 'application/pdf' } as const;

/**
 * A turn of the model. Signatures go back to the part that they came with: those of calls name the call, those of thoughts
 * stand in the thought, others belong to the text.
 */
function renderAssistant(message: AssistantMessage): WirePart[] {
  const own = message.reasoning.filter((detail) => detail.format === GEMINI_REASONING);
  const callIds = new Set(message.toolCalls.map((call) => call.id));
  const signatures = new Map<string, string>();
  const loose: string[] = [];
  const parts: WirePart[] = [];
  for (const detail of own) {
    if (detail.type === 'reasoning.text' && detail.signature)
      parts.push({ text: detail.text, thought: true, thoughtSignature: detail.signature });
    else if (detail.type === 'reasoning.encrypted') {
      if (detail.id && callIds.has(detail.id)) signatures.set(detail.id, detail.data);
      else loose.push(detail.data);
    }
  }
  const texts = message.content.flatMap(renderPart);
  const last = loose.at(-1);
  if (last !== undefined) {
    const text = texts.pop() ?? { text: '' };
    texts.push({ ...text, thoughtSignature: last });
  }
  parts.push(...texts);
  for (const call of message.toolCalls) {
    const thoughtSignature = call.signature ?? signatures.get(call.id);
    const functionCall = compact({ id: call.id || undefined, name: call.name, args: argumentsOf(call.arguments) });
    parts.push(compact({ functionCall, thoughtSignature }));
  }
  return parts;
}

function argumentsOf(text: string): JsonRecord {
  if (text.trim() === '') return {};
  const value = parseJson(text)?.value;
  return isRecord(value) ? value : { invalid_arguments: text };
}

/** The response must be an object. Pictures of a tool follow as parts of the same turn. */
function renderToolResult(id: string, name: string, content: readonly ContentPart[]): WirePart[] {
  const text = textOfParts(content);
  const value = parseJson(text)?.value;
  const response = isRecord(value) ? value : { result: value === undefined ? text : value };
  const media = content.filter((part) => part.type !== 'text').flatMap(renderPart);
  return [{ functionResponse: compact({ id: id || undefined, name, response }) }, ...media];
}
