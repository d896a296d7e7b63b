import type { AssistantMessage, ContentPart, Message } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { urlOfSource } from '../media.js';
import { roleFor, textOfParts } from '../openai-chat/request-messages.js';
import type { RenderTarget } from '../types.js';
import { renderReasoningItems } from './request-reasoning.js';
import { renderCallId } from './request-call-id.js';
import type { WireItem } from './wire.js';

/**
 * Messages as input items. System messages that open the conversation become `instructions`; without anything else they stay
 * items, because an input must not be empty.
 */
export function renderInput(
  messages: readonly Message[],
  target: RenderTarget,
): { readonly instructions?: string; readonly input: readonly WireItem[] } {
  const opening = messages.findIndex(({ role }) => role !== 'system');
  const system = opening > 0 ? messages.slice(0, opening) : [];
  const input = messages.slice(system.length).flatMap((message) => renderItems(message, target));
  const instructions = system.map((message) => textOfParts(message.content)).join('\n\n');
  return { ...(instructions !== '' && { instructions }), input };
}

function renderItems(message: Message, target: RenderTarget): WireItem[] {
  switch (message.role) {
    case 'assistant':
      return renderAssistant(message, target);
    case 'tool':
      return [
        {
          type: 'function_call_output',
          call_id: renderCallId(message.toolCallId),
          output: renderOutput(message.content),
        },
      ];
    case 'user':
      return [{ type: 'message', role: 'user', content: renderParts(message.content) }];
    default:
      return [{ type: 'message', role: roleFor(message.role, target), content: renderParts(message.content) }];
  }
}

/** One turn of the model: what it thought, what it said, what it called. */
function renderAssistant(message: AssistantMessage, target: RenderTarget): WireItem[] {
  const text = textOfParts(message.content);
  const content = [
    ...(text === '' ? [] : [{ type: 'output_text', text }]),
    ...(message.refusal ? [{ type: 'refusal', refusal: message.refusal }] : []),
  ];
  const calls = message.toolCalls.map((call) => ({
    type: 'function_call',
    call_id: renderCallId(call.id),
    name: call.name,
    arguments: call.arguments || '{}',
  }));
  const said = content.length > 0 ? [{ type: 'message', role: 'assistant', content }] : [];
  const thoughts = renderReasoningItems(message, target);
  // A thought without anything after it is refused.
  return said.length + calls.length > 0 ? [...thoughts, ...said, ...calls] : [];
}

const renderOutput = (parts: readonly ContentPart[]): unknown =>
  parts.every(({ type }) => type === 'text') ? textOfParts(parts) : renderParts(parts);

const renderParts = (parts: readonly ContentPart[]): JsonRecord[] => parts.flatMap(renderPart);

function renderPart(part: ContentPart): JsonRecord[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text }];
    case 'image':
      return [compact({ type: 'input_image', detail: part.detail ?? 'auto', ...imageSource(part.source) })];
    case 'audio':
      return [{ type: 'input_audio', input_audio: { data: part.data, format: part.format } }];
    case 'file':
      return [compact({ type: 'input_file', ...fileSource(part) })];
    default:
      return [];
  }
}

type Media = ContentPart & { readonly type: 'image' | 'file' };

const imageSource = (source: Media['source']): JsonRecord =>
  source.kind === 'id' ? { file_id: source.id } : { image_url: urlOfSource(source) };

/** Data without a name is refused. */
function fileSource({ source, filename }: ContentPart & { readonly type: 'file' }): JsonRecord {
  if (source.kind === 'id') return { file_id: source.id };
  if (source.kind === 'url') return { file_url: source.url };
  const ending = source.mediaType === 'application/pdf' ? 'pdf' : 'txt';
  return { filename: filename ?? `file.${ending}`, file_data: urlOfSource(source) };
}
