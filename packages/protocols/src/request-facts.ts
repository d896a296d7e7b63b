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
  /** The answer must follow a JSON schema. */
  readonly structured: boolean;
  /** Characters of base64 of recordings whose formats bound how long they can be. */
  readonly audioBytes: number;
  /** There are media whose size says nothing of how many tokens they are: a bound must take the whole context. */
  readonly openEnded: boolean;
}

/** Formats with a least number of bytes for a second. FLAC, Opus and the like pack an hour of silence into next to nothing. */
const BOUNDED_AUDIO = new Set(['wav', 'mp3', 'pcm16', 'pcm24', 'audio/wav', 'audio/mp3', 'audio/mpeg']);

/**
 * Bytes of text, an upper bound for its tokens in every tokenizer: also in those that normalise it first, where one character
 * may become eighteen (U+FDFA).
 */
function bytesOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const bytes = Buffer.byteLength(text, 'utf8');
  const isAscii = bytes === text.length;
  return isAscii ? bytes : Math.max(bytes, Buffer.byteLength(text.normalize('NFKC'), 'utf8'));
}

export function requestFacts(request: CompletionRequest): RequestFacts {
  const parts = request.messages.flatMap((message): readonly ContentPart[] => message.content);
  const promptBytes =
    request.messages.reduce((sum, message) => sum + messageBytes(message), 0) +
    bytesOf(request.tools && JSON.stringify(request.tools)) +
    bytesOf(request.responseFormat && JSON.stringify(request.responseFormat)) +
    (request.unreadBytes ?? 0);
  return {
    inputModalities: [...new Set<string>(['text', ...parts.map((part) => part.type)])].sort(),
    outputModalities: [...new Set<string>(request.modalities ?? ['text'])].sort(),
    promptBytes,
    messages: request.messages.length,
    tools: request.tools?.length ?? 0,
    images: parts.filter((part) => part.type === 'image').length,
    structured: request.responseFormat?.type === 'json_schema',
    audioBytes: parts.reduce((sum, part) => sum + audioBytes(part), 0),
    openEnded: parts.some(isOpenEnded),
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

/** Media do not become text: they are counted by piece, by duration, or not at all. */
const partBytes = (part: ContentPart): number =>
  part.type === 'text' ? bytesOf(part.text) : isTextFile(part) ? bytesOf(part.source.data) : 0;

const audioBytes = (part: ContentPart): number =>
  part.type === 'audio' && hasBoundedLength(part) ? part.data.length : 0;

const hasBoundedLength = ({ format }: ContentPart & { type: 'audio' }): boolean =>
  BOUNDED_AUDIO.has(format.toLowerCase());

function isOpenEnded(part: ContentPart): boolean {
  if (part.type === 'audio') return !hasBoundedLength(part);
  return part.type === 'video' || (part.type === 'file' && !isTextFile(part));
}

type TextFile = ContentPart & { type: 'file'; source: { kind: 'base64' } };

/** Plain text is as long as it is; the pages of a document are compressed. */
const isTextFile = (part: ContentPart): part is TextFile =>
  part.type === 'file' && part.source.kind === 'base64' && part.source.mediaType.startsWith('text/');
