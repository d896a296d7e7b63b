import type { AssistantMessage } from '@switchyard/contracts';
import { compact, isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { readableReasoning } from '../openai-chat/request-messages.js';
import { renderToolId } from './tool-call-id.js';

/** A message with any other field is refused with 422. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  system: ['content'],
  user: ['content'],
  assistant: ['content', 'tool_calls', 'prefix'],
  tool: ['content', 'tool_call_id', 'name'],
};

/**
 * Messages of OpenAI's form in Mistral's.
 * @param assistants the canonical assistant messages, one for each of `messages`: null where their reasoning must stay behind
 */
export function adaptMessages(
  messages: readonly JsonRecord[],
  assistants: readonly (AssistantMessage | null)[],
): JsonRecord[] {
  let turn = 0;
  return messages.map((message, position) => {
    const role = textOf(message['role']) ?? 'user';
    const adapted: JsonRecord = { role };
    for (const field of FIELDS[role] ?? []) if (field in message) adapted[field] = message[field];
    if (Array.isArray(adapted['content'])) adapted['content'] = recordsOf(adapted['content']).map(adaptPart);
    if (role === 'tool') adapted['tool_call_id'] = renderToolId(textOf(message['tool_call_id']) ?? '');
    if (role !== 'assistant') return adapted;
    const canonical = assistants[turn++] ?? null;
    return { ...adapted, ...assistantFields(message, canonical, position === messages.length - 1) };
  });
}

function assistantFields(message: JsonRecord, canonical: AssistantMessage | null, isLast: boolean): JsonRecord {
  const calls = recordsOf(message['tool_calls']);
  const content = message['content'] || textOf(message['refusal']) || message['content'];
  const thinking = canonical ? readableReasoning(canonical) : '';
  return compact({
    content: thinking === '' ? content : [thinkingOf(thinking), ...textPartsOf(content)],
    tool_calls:
      calls.length > 0 ? calls.map((call) => ({ ...call, id: renderToolId(textOf(call['id']) ?? '') })) : undefined,
    // A conversation may end with what the answer is to begin with, but Mistral wants to be told.
    prefix: isLast && calls.length === 0 ? true : undefined,
  });
}

const thinkingOf = (text: string): JsonRecord => ({
  type: 'thinking',
  thinking: [{ type: 'text', text }],
  closed: true,
});

function textPartsOf(content: unknown): readonly JsonRecord[] {
  if (Array.isArray(content)) return recordsOf(content).map(adaptPart);
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : [];
}

/** Documents and sound have forms of their own (docs.mistral.ai/capabilities/document_ai, …/audio). */
function adaptPart(part: JsonRecord): JsonRecord {
  if (part['type'] === 'file' && isRecord(part['file'])) {
    const { file_id: fileId, file_data: data, filename } = part['file'];
    if (fileId !== undefined) return { type: 'file', file_id: fileId };
    return compact({ type: 'document_url', document_url: data, document_name: filename });
  }
  if (part['type'] === 'input_audio' && isRecord(part['input_audio']))
    return { type: 'input_audio', input_audio: recordOf(part['input_audio'])['data'] };
  return part;
}
