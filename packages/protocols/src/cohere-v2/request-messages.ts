import { Buffer } from 'node:buffer';
import type { AssistantMessage, ContentPart, Message } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { urlOfSource } from '../media.js';
import { readableReasoning, textOfParts } from '../openai-chat/request-messages.js';
import { supports } from '../parameters.js';
import type { RenderTarget } from '../types.js';

/** Canonical messages in Cohere's form. Names of speakers and cache hints have no place in it. */
export function renderMessages(messages: readonly Message[], target: RenderTarget): JsonRecord[] {
  const rendered: JsonRecord[] = [];
  let pictures: JsonRecord[] = [];
  for (const message of messages) {
    // Results of tools are text only; a picture among them follows in a user message after the last one.
    if (message.role !== 'tool' && pictures.length > 0) {
      rendered.push({ role: 'user', content: pictures });
      pictures = [];
    }
    rendered.push(renderMessage(message, target));
    if (message.role === 'tool') pictures.push(...partsOf(message.content.filter((part) => part.type !== 'text')));
  }
  if (pictures.length > 0) rendered.push({ role: 'user', content: pictures });
  return rendered;
}

function renderMessage(message: Message, target: RenderTarget): JsonRecord {
  switch (message.role) {
    case 'assistant':
      return renderAssistant(message, target);
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: textOfParts(message.content) };
    case 'user':
      return { role: 'user', content: renderContent(message.content) };
    default:
      return { role: 'system', content: textOfParts(message.content) };
  }
}

/**
 * A thinking model gets its thinking back as content. The others have said what they planned to do with their tools in `tool_plan`,
 * which has a place only beside calls.
 */
function renderAssistant(message: AssistantMessage, target: RenderTarget): JsonRecord {
  const text = textOfParts(message.content) + (message.refusal ?? '');
  const reasoning = readableReasoning(message);
  const thinks = reasoning !== '' && supports(target.endpoint, 'reasoning');
  const called = message.toolCalls.length > 0;
  const content = [
    ...(thinks ? [{ type: 'thinking', thinking: reasoning }] : []),
    ...(text === '' ? [] : [{ type: 'text', text }]),
  ];
  return compact({
    role: 'assistant',
    content: thinks ? content : text || (called ? undefined : ''),
    tool_plan: called && !thinks && reasoning !== '' ? reasoning : undefined,
    tool_calls: called
      ? message.toolCalls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: call.arguments || '{}' },
        }))
      : undefined,
  });
}

const renderContent = (parts: readonly ContentPart[]): unknown =>
  parts.every((part) => part.type === 'text') ? textOfParts(parts) : partsOf(parts);

const partsOf = (parts: readonly ContentPart[]): JsonRecord[] =>
  parts.map(renderPart).filter((part) => part !== undefined);

/** A content part; undefined for what Cohere cannot take, and for files, which are documents of the request. */
function renderPart(part: ContentPart): JsonRecord | undefined {
  if (part.type === 'text') return { type: 'text', text: part.text };
  if (part.type !== 'image') return undefined;
  return { type: 'image_url', image_url: compact({ url: urlOfSource(part.source), detail: part.detail }) };
}

/** Files of text are what Cohere calls documents: it answers from them and says where it does. */
export function renderDocuments(messages: readonly Message[]): JsonRecord[] {
  const files = messages.flatMap((message) => (message.role === 'user' ? message.content : []));
  return files.flatMap((part) => {
    if (part.type !== 'file' || part.source.kind !== 'base64' || !part.source.mediaType.startsWith('text/')) return [];
    const text = Buffer.from(part.source.data, 'base64').toString('utf8');
    return [{ data: compact({ title: part.filename, text }) }];
  });
}
