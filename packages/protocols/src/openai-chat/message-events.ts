import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { base64SourceOf } from '../media.js';
import { contentOf, reasoningOf } from './wire.js';
import type { WireChoice } from './wire.js';
import type { ToolCallTracker } from './tool-call-tracker.js';

/** The events of one `delta` or `message`: reasoning before text before tool calls, as models produce them. */
export function* messageEvents(choice: WireChoice, tools: ToolCallTracker): Generator<CompletionEvent> {
  const { message, index } = choice;
  yield* reasoningEvents(message, index);
  for (const { kind, text } of contentOf(message['content']))
    yield kind === 'text'
      ? { type: 'text-delta', choice: index, text }
      : { type: 'reasoning-delta', choice: index, detail: reasoningText(text) };
  const refusal = textOf(message['refusal']);
  if (refusal) yield { type: 'refusal-delta', choice: index, text: refusal };
  yield* tools.read(index, message);
  for (const image of recordsOf(message['images'])) yield* imageEvents(image, index);
  if (isAudio(message['audio'])) yield { type: 'audio-delta', choice: index, audio: message['audio'] };
  for (const annotation of recordsOf(message['annotations']))
    if (isKnownAnnotation(annotation)) yield { type: 'annotation', choice: index, annotation };
  if (choice.logprobs) yield { type: 'logprobs', choice: index, logprobs: choice.logprobs };
}

/** Sound, or its words; an object with neither is none. */
export const isAudio = (value: unknown): value is JsonRecord =>
  isRecord(value) && !(value['data'] === '' && !value['transcript']);

export const reasoningText = (text: string): ReasoningDetail => ({
  type: 'reasoning.text',
  text,
  index: 0,
  format: 'unknown',
});

/** Clients validate annotations: those of a type that they do not know would fail the whole answer. */
export const isKnownAnnotation = (annotation: JsonRecord): boolean =>
  annotation['type'] === 'url_citation' || (annotation['type'] === 'file' && isRecord(annotation['file']));

export const reasoningDetailsOf = (message: JsonRecord): readonly ReasoningDetail[] =>
  recordsOf(message['reasoning_details'])
    .map(readDetail)
    .filter((detail) => detail !== undefined);

/** A detail as it is; one that carries only a signature has no text (OpenRouter). */
export function readDetail(detail: JsonRecord): ReasoningDetail | undefined {
  const { type, text, summary, data } = detail;
  if (type === 'reasoning.text') return { ...detail, type, text: textOf(text) ?? '' };
  if (type === 'reasoning.summary' && typeof summary === 'string') return { ...detail, type, summary };
  return type === 'reasoning.encrypted' && typeof data === 'string' ? { ...detail, type, data } : undefined;
}

function* reasoningEvents(message: JsonRecord, choice: number): Generator<CompletionEvent> {
  const details = reasoningDetailsOf(message);
  for (const detail of details) yield { type: 'reasoning-delta', choice, detail };
  const text = reasoningOf(message);
  // With details the plain text is a copy of them.
  if (details.length === 0 && text) yield { type: 'reasoning-delta', choice, detail: reasoningText(text) };
}

function* imageEvents(image: JsonRecord, choice: number): Generator<CompletionEvent> {
  const source = base64SourceOf(textOf(recordOf(image['image_url'])['url']) ?? '');
  if (source) yield { type: 'image-delta', choice, mediaType: source.mediaType, data: source.data };
}
