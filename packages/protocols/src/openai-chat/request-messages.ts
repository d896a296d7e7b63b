import type { AssistantMessage, ContentPart, Message } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { urlOfSource } from '../media.js';
import type { RenderTarget } from '../types.js';

/** Canonical messages in OpenAI's form. */
export function renderMessages(messages: readonly Message[], target: RenderTarget): JsonRecord[] {
  const rendered: JsonRecord[] = [];
  let pictures: JsonRecord[] = [];
  for (const message of messages) {
    // Tool messages are text only; a picture that a tool returned follows in a user message after the last result.
    if (message.role !== 'tool' && pictures.length > 0) {
      rendered.push({ role: 'user', content: pictures });
      pictures = [];
    }
    rendered.push(renderMessage(message, target));
    if (message.role === 'tool')
      pictures.push(...message.content.filter((part) => part.type !== 'text').map(renderPart));
  }
  if (pictures.length > 0) rendered.push({ role: 'user', content: pictures });
  return rendered;
}

function renderMessage(message: Message, target: RenderTarget): JsonRecord {
  const { name } = message;
  switch (message.role) {
    case 'assistant':
      return renderAssistant(message, target);
    case 'tool':
      return compact({ role: 'tool', tool_call_id: message.toolCallId, name, content: textOfParts(message.content) });
    case 'user':
      return compact({ role: 'user', name, content: renderContent(message.content) });
    default:
      return compact({ role: roleFor(message.role, target), name, content: textOfParts(message.content) });
  }
}

/** Only OpenAI and Azure know `developer`; everyone knows `system`. */
export const roleFor = (role: 'system' | 'developer', { endpoint }: RenderTarget): string =>
  role === 'developer' && !['openai', 'azure'].includes(endpoint.provider) ? 'system' : role;

function renderAssistant(message: AssistantMessage, target: RenderTarget): JsonRecord {
  const text = textOfParts(message.content);
  const reasoning = target.reasoningField === undefined ? '' : readableReasoning(message);
  return compact({
    role: 'assistant',
    name: message.name,
    content: text || message.toolCalls.length === 0 ? text : null,
    refusal: message.refusal,
    ...(reasoning && { [target.reasoningField!]: reasoning }),
    tool_calls:
      message.toolCalls.length === 0
        ? undefined
        : message.toolCalls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.arguments || '{}' },
          })),
  });
}

/** The reasoning of an earlier turn as text. What a signature or a foreign format binds to its maker is not ours to hand on. */
export const readableReasoning = (message: AssistantMessage): string =>
  message.reasoning
    .filter(
      (detail) => detail.type === 'reasoning.text' && !detail.signature && (detail.format ?? 'unknown') === 'unknown',
    )
    .map((detail) => (detail.type === 'reasoning.text' ? detail.text : ''))
    .join('');

export const textOfParts = (parts: readonly ContentPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

function renderContent(parts: readonly ContentPart[]): unknown {
  return parts.every((part) => part.type === 'text') ? textOfParts(parts) : parts.map(renderPart);
}

function renderPart(part: ContentPart): JsonRecord {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      return { type: 'image_url', image_url: compact({ url: urlOfSource(part.source), detail: part.detail }) };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } };
    case 'video':
      return { type: 'video_url', video_url: { url: urlOfSource(part.source) } };
    default:
      return {
        type: 'file',
        file: compact(
          part.source.kind === 'id'
            ? { file_id: part.source.id }
            : { file_data: urlOfSource(part.source), filename: part.filename },
        ),
      };
  }
}
