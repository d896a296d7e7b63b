import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { CLAUDE_REASONING } from '../anthropic-messages/wire.js';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { BEDROCK_REASONING, WEB_SEARCH } from './wire.js';

interface OpenBlock {
  /** Index among the tool calls of the answer; -1 for what is no call for our client. */
  readonly toolIndex: number;
  readonly textStart: number;
  readonly citations: JsonRecord[];
  imageType: string;
}

/** A hostile stream must not open blocks without end. */
const MAX_OPEN_BLOCKS = 1024;

/**
 * Content blocks as events. In a stream only tools, results and images have a start; texts and thoughts begin with their first delta.
 * Tools that Bedrock runs itself (`server_tool_use`) and their results pass silently, what the model makes of them does not.
 */
export class BlockReader {
  /** How often the model has searched the web. */
  searches = 0;
  private readonly open = new Map<number, OpenBlock>();
  private toolCalls = 0;
  private textLength = 0;

  /** `contentBlockStart`. */
  *start(index: number, start: JsonRecord): Generator<CompletionEvent> {
    const tool = start['toolUse'];
    const isCall = isRecord(tool) && tool['type'] !== 'server_tool_use';
    const block = this.openBlock(index, isCall ? this.toolCalls++ : -1);
    if (isRecord(tool) && !isCall && tool['name'] === WEB_SEARCH) this.searches++;
    block.imageType = textOf(recordOf(start['image'])['format']) ?? '';
    if (!isCall) return;
    const [id, name] = [textOf(tool['toolUseId']) ?? '', textOf(tool['name']) ?? ''];
    yield { type: 'tool-call-start', choice: 0, index: block.toolIndex, id, name };
  }

  /** `contentBlockDelta`. */
  *delta(index: number, delta: JsonRecord): Generator<CompletionEvent> {
    const block = this.open.get(index) ?? this.openBlock(index, -1);
    const input = textOf(recordOf(delta['toolUse'])['input']);
    if (input && block.toolIndex >= 0)
      yield { type: 'tool-call-delta', choice: 0, index: block.toolIndex, arguments: input };
    yield* this.text(textOf(delta['text']));
    if (isRecord(delta['citation'])) block.citations.push(delta['citation']);
    if (isRecord(delta['reasoningContent']))
      yield* reasoning(index, delta['reasoningContent'], delta['reasoningContent']);
    if (isRecord(delta['image'])) yield* image(block.imageType, delta['image']);
  }

  /** `contentBlockStop`. */
  *stop(index: number): Generator<CompletionEvent> {
    const block = this.open.get(index);
    if (!block) return;
    this.open.delete(index);
    if (block.toolIndex >= 0) yield { type: 'tool-call-end', choice: 0, index: block.toolIndex };
    // A citation comes before the text that it supports, so its range is known only now.
    for (const citation of block.citations) {
      const annotation = annotationOf(citation, block.textStart, this.textLength);
      if (annotation) yield { type: 'annotation', choice: 0, annotation };
    }
  }

  /** Ends what a stream left open. */
  *stopAll(): Generator<CompletionEvent> {
    for (const index of this.open.keys()) yield* this.stop(index);
  }

  /** A block of a whole answer. */
  *whole(index: number, block: JsonRecord): Generator<CompletionEvent> {
    yield* this.start(index, block);
    const open = this.open.get(index)!;
    const input = recordOf(recordOf(block['toolUse'])['input']);
    if (open.toolIndex >= 0 && Object.keys(input).length > 0)
      yield { type: 'tool-call-delta', choice: 0, index: open.toolIndex, arguments: JSON.stringify(input) };
    yield* this.text(textOf(block['text']));
    const cited = recordOf(block['citationsContent']);
    for (const part of recordsOf(cited['content'])) yield* this.text(textOf(part['text']));
    open.citations.push(...recordsOf(cited['citations']));
    if (isRecord(block['reasoningContent'])) {
      const content = block['reasoningContent'];
      yield* reasoning(index, recordOf(content['reasoningText']), content);
    }
    if (isRecord(block['image'])) yield* image(open.imageType, block['image']);
    yield* this.stop(index);
  }

  private openBlock(index: number, toolIndex: number): OpenBlock {
    const block = { toolIndex, textStart: this.textLength, citations: [], imageType: '' };
    if (this.open.size < MAX_OPEN_BLOCKS) this.open.set(index, block);
    return block;
  }

  private *text(text: string | undefined): Generator<CompletionEvent> {
    if (!text) return;
    this.textLength += text.length;
    yield { type: 'text-delta', choice: 0, text };
  }
}

/** Text and signature come one after the other in a stream, together in a whole answer. */
function* reasoning(index: number, thought: JsonRecord, content: JsonRecord): Generator<CompletionEvent> {
  const [text, signature, redacted] = [
    textOf(thought['text']) ?? '',
    textOf(thought['signature']),
    textOf(content['redactedContent']),
  ];
  if (text !== '' || signature) {
    // Only Claude signs, and takes back only what it has signed.
    const signed = signature ? { signature, format: CLAUDE_REASONING } : {};
    yield reasoningDelta({ type: 'reasoning.text', text, index, ...signed });
  }
  if (redacted) yield reasoningDelta({ type: 'reasoning.encrypted', data: redacted, index, format: BEDROCK_REASONING });
}

const reasoningDelta = (detail: ReasoningDetail): CompletionEvent => ({ type: 'reasoning-delta', choice: 0, detail });

function* image(format: string, { source }: JsonRecord): Generator<CompletionEvent> {
  const data = textOf(recordOf(source)['bytes']);
  if (data) yield { type: 'image-delta', choice: 0, mediaType: `image/${format || 'png'}`, data };
}

/** Only citations of web pages have a form in our dialects; those of the caller's own documents have no address. */
function annotationOf(citation: JsonRecord, start: number, end: number): JsonRecord | undefined {
  const web = recordOf(recordOf(citation['location'])['web']);
  const url = textOf(web['url']);
  if (!url) return undefined;
  const content = recordsOf(citation['sourceContent'])
    .map((part) => textOf(part['text']) ?? '')
    .join('');
  return {
    type: 'url_citation',
    url_citation: {
      url,
      title: textOf(citation['title']) ?? textOf(web['domain']) ?? '',
      ...(content !== '' && { content }),
      start_index: start,
      end_index: end,
    },
  };
}
