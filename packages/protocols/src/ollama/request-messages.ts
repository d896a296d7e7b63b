import type { ContentPart, Message, ToolCall } from '@switchyard/contracts';
import { compact, isRecord, parseJson } from '../json.js';
import type { JsonRecord } from '../json.js';
import { readableReasoning, textOfParts } from '../openai-chat/request-messages.js';

/** Canonical messages in Ollama's form: text is text, and pictures stand beside it. */
export function renderMessages(messages: readonly Message[]): JsonRecord[] {
  const names = new Map<string, string>();
  return messages.map((message) => {
    if (message.role === 'assistant') {
      for (const call of message.toolCalls) names.set(call.id, call.name);
      return compact({
        role: 'assistant',
        content: textOfParts(message.content) + (message.refusal ?? ''),
        thinking: readableReasoning(message) || undefined,
        tool_calls: message.toolCalls.length > 0 ? message.toolCalls.map(renderCall) : undefined,
      });
    }
    const content = textOfParts(message.content);
    const images = imagesOf(message.content);
    if (message.role === 'tool')
      return compact({
        role: 'tool',
        content,
        // Models know tools by their names, newer servers calls by their ids as well.
        tool_name: names.get(message.toolCallId) ?? message.name,
        tool_call_id: message.toolCallId,
        images,
      });
    return compact({ role: message.role === 'user' ? 'user' : 'system', content, images });
  });
}

/** Here arguments are an object. Those that a model broke are shown to it as the text that they are. */
function renderCall(call: ToolCall): JsonRecord {
  const value = call.arguments.trim() === '' ? {} : parseJson(call.arguments)?.value;
  return {
    id: call.id,
    function: { name: call.name, arguments: isRecord(value) ? value : { invalid_arguments: call.arguments } },
  };
}

/** Ollama takes the bytes of pictures and fetches none, so those with an address only cannot be shown to it. */
function imagesOf(parts: readonly ContentPart[]): readonly string[] | undefined {
  const images = parts.flatMap((part) =>
    part.type === 'image' && part.source.kind === 'base64' ? [part.source.data] : [],
  );
  return images.length > 0 ? images : undefined;
}
