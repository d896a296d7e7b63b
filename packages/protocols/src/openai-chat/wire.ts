import { compact, isRecord, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/**
 * What is read of a chunk or body. Providers add and leave out fields at will, so nothing is required: every reader asks for
 * what it needs and takes no other type than the documented one.
 */
export interface WireChoice {
  readonly index: number;
  readonly finishReason: string | undefined;
  /** `delta` of a chunk or `message` of a body. */
  readonly message: JsonRecord;
  readonly logprobs: JsonRecord | undefined;
}

/** No one asks for more than 128 choices; an index beyond is an attack on our memory. */
const MAX_CHOICE_INDEX = 127;

/** A chunk has a `delta`, a body a `message`; Perplexity sends both in both, and only the own one of each is right. */
export type Form = 'chunk' | 'body';

export const choicesOf = (chunk: JsonRecord, form: Form): readonly WireChoice[] =>
  recordsOf(chunk['choices']).map((choice, position) => ({
    index: indexOf(choice['index'], position, MAX_CHOICE_INDEX),
    finishReason: textOf(choice['finish_reason']) || undefined,
    message: messageOf(choice, form),
    logprobs: logprobsOf(choice['logprobs']),
  }));

/** Snowflake sends the object with nothing in it. */
const logprobsOf = (value: unknown): JsonRecord | undefined =>
  isRecord(value) && Object.values(value).some((inner) => inner !== null) ? value : undefined;

/** `delta` of a chunk, `message` of a body, or the bare `text` that old completion models give. */
export const messageOf = (choice: JsonRecord, form: Form): JsonRecord => {
  const { delta, message: whole } = choice;
  const message = form === 'chunk' ? (delta ?? whole) : (whole ?? delta);
  return isRecord(message) ? message : compact({ content: textOf(choice['text']) });
};

export const indexOf = (value: unknown, fallback: number, max: number): number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
    ? (value as number)
    : Math.min(fallback, max);

/**
 * Text and thinking of a `content`. It is a string with nearly everyone; Mistral's reasoning models send
 * `[{type:"thinking",thinking:[{type:"text",text}]},{type:"text",text}]`, Databricks
 * `[{type:"reasoning",summary:[{type:"summary_text",text,signature}]},…]`, and Cloudflare an object where JSON was asked for.
 */
export function contentOf(value: unknown): readonly ContentPiece[] {
  if (typeof value === 'string') return value === '' ? [] : [{ kind: 'text', text: value }];
  if (isRecord(value)) return [{ kind: 'text', text: JSON.stringify(value) }];
  return recordsOf(value)
    .map(pieceOf)
    .filter((piece) => piece.text !== '');
}

export interface ContentPiece {
  readonly kind: 'text' | 'reasoning';
  readonly text: string;
}

function pieceOf(part: JsonRecord): ContentPiece {
  if (part['type'] !== 'thinking' && part['type'] !== 'reasoning')
    return { kind: 'text', text: textOf(part['text']) ?? '' };
  const texts = recordsOf(part['thinking'] ?? part['summary']).map((piece) => textOf(piece['text']) ?? '');
  return { kind: 'reasoning', text: texts.join('') };
}

/** Reasoning text under the two names that are in use: `reasoning` (Groq, Cerebras, OpenRouter), `reasoning_content` (DeepSeek, xAI, Z.AI, …). */
export const reasoningOf = (message: JsonRecord): string =>
  textOf(message['reasoning']) || textOf(message['reasoning_content']) || '';
