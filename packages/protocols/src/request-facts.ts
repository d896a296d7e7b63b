import { Buffer } from 'node:buffer';
import type { CompletionRequest, ContentPart, Message } from '@switchyard/contracts';

/** What routing and the bound of the cost need to know about a request. */
export interface RequestFacts {
  /** Sorted; `text` is always among them. */
  readonly inputModalities: string[];
  readonly outputModalities: string[];
  /** UTF-8 bytes of everything that becomes prompt tokens as text. Media count by piece, not by size. */
  readonly promptBytes: number;
  readonly messages: number;
  readonly tools: number;
  readonly images: number;
}

/** Bytes of text, an upper bound for its tokens in every tokenizer. */
const bytesOf = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text, 'utf8'));

export function requestFacts(request: CompletionRequest): RequestFacts {
  const parts = request.messages.flatMap((message): readonly ContentPart[] => message.content);
  const promptBytes =
    request.messages.reduce((sum, message) => sum + messageBytes(message), 0) +
    bytesOf(request.tools && JSON.stringify(request.tools)) +
    bytesOf(request.responseFormat && JSON.stringify(request.responseFormat));
  return {
    inputModalities: [...new Set<string>(['text', ...parts.map((part) => part.type)])].sort(),
    outputModalities: [...new Set<string>(request.modalities ?? ['text'])].sort(),
    promptBytes,
    messages: request.messages.length,
    tools: request.tools?.length ?? 0,
    images: parts.filter((part) => part.type === 'image').length,
  };
}

function messageBytes(message: Message): number {
  let bytes = bytesOf(message.name);
  for (const part of message.content) bytes += partBytes(part);
  if (message.role === 'tool') bytes += bytesOf(message.toolCallId);
  if (message.role !== 'assistant') return bytes;
  for (const call of message.toolCalls) bytes += bytesOf(call.id) + bytesOf(call.name) + bytesOf(call.arguments);
  for (const detail of message.reasoning)
    bytes += bytesOf(
      detail.type === 'reasoning.text'
        ? detail.text
        : detail.type === 'reasoning.summary'
          ? detail.summary
          : detail.data,
    );
  return bytes + bytesOf(message.refusal);
}

/** A document or recording can be as long as its data says; a picture has a limit of its own, counted by piece. */
function partBytes(part: ContentPart): number {
  switch (part.type) {
    case 'text':
      return bytesOf(part.text);
    case 'image':
      return 0;
    case 'audio':
      return bytesOf(part.data);
    default:
      return bytesOf(part.source.kind === 'base64' ? part.source.data : undefined);
  }
}
