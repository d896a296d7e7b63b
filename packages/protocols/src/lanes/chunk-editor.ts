import { isAudio, isKnownAnnotation, reasoningText } from '../openai-chat/message-events.js';
import { finishReasonOf } from '../openai-chat/finish.js';
import { ToolCallTracker, argumentsOf, piecesOf } from '../openai-chat/tool-call-tracker.js';
import { contentOf, indexOf, messageOf } from '../openai-chat/wire.js';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { RenderContext } from '../types.js';

/**
 * The smallest edit that makes an upstream's chunk or body ours: identity, five finish reasons, one name for reasoning, and the
 * shapes that clients validate (spec 8.5). Everything else stays as the provider sent it.
 */
export class ChunkEditor {
  private readonly begun = new Set<number>();
  private readonly namedCalls = new Set<string>();
  private readonly tools = new ToolCallTracker();

  constructor(
    private readonly context: RenderContext,
    private readonly hideReasoning: boolean,
  ) {}

  editChunk(chunk: JsonRecord): JsonRecord {
    const { usage: _usage, choices, system_fingerprint: fingerprint, ...rest } = chunk;
    return {
      ...withoutGroqUsage(rest),
      ...this.identity('chat.completion.chunk'),
      // A string or no such key at all, in chunks.
      ...(typeof fingerprint === 'string' && { system_fingerprint: fingerprint }),
      choices: recordsOf(choices).map((choice, position) => this.editStreamChoice(choice, position)),
    };
  }

  editBody(body: JsonRecord): JsonRecord {
    const { usage: _usage, choices, ...rest } = body;
    return {
      ...withoutGroqUsage(rest),
      ...this.identity('chat.completion'),
      // A string or null, but never absent, in bodies.
      system_fingerprint: textOf(body['system_fingerprint']) ?? null,
      choices: recordsOf(choices).map((choice, position) => this.editBodyChoice(choice, position)),
    };
  }

  private identity(object: string): JsonRecord {
    const { generationId, created, model, providerName } = this.context;
    return { id: generationId, object, created, model, provider: providerName };
  }

  private editStreamChoice(choice: JsonRecord, position: number): JsonRecord {
    const { message: _message, delta: _delta, ...rest } = choice;
    const index = indexOf(choice['index'], position, 127);
    const first = !this.begun.has(index);
    this.begun.add(index);
    const delta = this.editMessage(messageOf(choice, 'chunk'), index, 'stream');
    return { ...rest, index, delta: { ...(first && { role: 'assistant' }), ...delta }, ...finishFields(choice, false) };
  }

  private editBodyChoice(choice: JsonRecord, position: number): JsonRecord {
    const index = indexOf(choice['index'], position, 127);
    const message = this.editMessage(messageOf(choice, 'body'), index, 'body');
    const { delta: _delta, ...rest } = choice;
    return {
      ...rest,
      index,
      ...finishFields(choice, true),
      ...(!choice['finish_reason'] && { finish_reason: message['tool_calls'] ? 'tool_calls' : 'stop' }),
      message: { role: 'assistant', content: null, refusal: null, ...message },
    };
  }

  private editMessage(message: JsonRecord, choice: number, form: 'stream' | 'body'): JsonRecord {
    const { role, content, reasoning: _reasoning, reasoning_content: _alias, reasoning_details, ...others } = message;
    const { tool_calls: _calls, function_call: _call, annotations, ...rest } = others;
    const parts = contentOf(content);
    const thinking = parts
      .filter((part) => part.kind === 'reasoning')
      .map((part) => part.text)
      .join('');
    const edited: JsonRecord = { ...rest };
    if ('audio' in rest && !isAudio(rest['audio'])) delete edited['audio'];
    if (typeof role === 'string') edited['role'] = 'assistant';
    if (Array.isArray(content) || isRecord(content))
      edited['content'] = parts
        .filter((part) => part.kind === 'text')
        .map((part) => part.text)
        .join('');
    else if (content !== undefined) edited['content'] = textOf(content) ?? null;
    if (!this.hideReasoning) Object.assign(edited, reasoningFields(message, thinking, recordsOf(reasoning_details)));
    const calls = piecesOf(message).map((piece) => this.editToolCall(piece, choice, form));
    if (calls.length > 0) edited['tool_calls'] = calls;
    const known = recordsOf(annotations).filter(isKnownAnnotation);
    if (known.length > 0) edited['annotations'] = known;
    return edited;
  }

  /** Id, type and name stand only in the first piece of a call, arguments in all (spec 2.9). */
  private editToolCall(piece: JsonRecord, choice: number, form: 'stream' | 'body'): JsonRecord {
    const { id: _id, type: _type, function: details, ...rest } = piece;
    const id = textOf(piece['id']) ?? '';
    const index = this.tools.indexFor(choice, piece, id);
    const call = { ...rest, ...(form === 'stream' && { index }) };
    const { name, arguments: value, ...unknown } = recordOf(details);
    const key = `${choice}/${index}`;
    const pieceArguments = argumentsOf(value);
    if (this.namedCalls.has(key)) return { ...call, index, function: { ...unknown, arguments: pieceArguments } };
    this.namedCalls.add(key);
    return {
      ...call,
      id: id || `call_${index}`,
      type: 'function',
      function: {
        ...unknown,
        name: textOf(name) ?? '',
        arguments: form === 'body' ? pieceArguments || '{}' : pieceArguments,
      },
    };
  }
}

/** Groq repeats the usage in an object of its own; the client gets one usage, ours. */
function withoutGroqUsage(chunk: JsonRecord): JsonRecord {
  if (!isRecord(chunk['x_groq']) || !('usage' in chunk['x_groq'])) return chunk;
  const { usage: _usage, ...groq } = chunk['x_groq'];
  return { ...chunk, x_groq: groq };
}

function finishFields(choice: JsonRecord, always: boolean): JsonRecord {
  const native = textOf(choice['finish_reason']);
  if (!native) return { finish_reason: null, ...(always && { native_finish_reason: null }) };
  return { finish_reason: finishReasonOf(native), native_finish_reason: native };
}

/** Reasoning as plain text and as details, whichever of them the provider has. */
function reasoningFields(message: JsonRecord, thinking: string, details: readonly JsonRecord[]): JsonRecord {
  const text = textOf(message['reasoning']) || textOf(message['reasoning_content']) || thinking;
  if (details.length > 0) return { ...(text && { reasoning: text }), reasoning_details: details };
  if (isRecord(message['reasoning'])) return {};
  return text ? { reasoning: text, reasoning_details: [reasoningText(text)] } : {};
}
