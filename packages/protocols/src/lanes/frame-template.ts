import { Buffer } from 'node:buffer';
import { decodeBinaryText, encodeBinaryText, isValidUtf8 } from '../frames/binary-text.js';
import { isRecord, parseJson, recordOf, recordsOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** Longer frames are parsed: the pattern below would need too much stack, and they are too rare to matter. */
const MAX_TEMPLATE_FRAME = 64 * 1024;

/** Where the text of an ordinary delta stands. */
const CHANNELS = ['content', 'reasoning', 'reasoning_content'] as const;
/** Random filling against traffic analysis (OpenAI, Mistral): changes in every frame and goes through as it is. */
const PADDINGS = ['obfuscation', 'p'] as const;

const PROBES = ['@@switchyard-text@@', '@@switchyard-padding@@'] as const;
const PROBE_SLOT = /"@@switchyard-(text|padding)@@"/;

/** A JSON string. Unrolled, so that it takes linear time. */
// oxlint-disable-next-line no-control-regex -- JSON forbids raw control characters inside of strings.
const JSON_STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y;

/** A JSON string that is not empty and stands for itself. */
// oxlint-disable-next-line no-control-regex -- JSON forbids raw control characters inside of strings.
const PLAIN_STRING = /^"[^"\\\x00-\x1f\x80-\xff]+"$/;
const NON_ASCII = /[\x80-\xff]/;

interface Applied {
  readonly output: string;
  readonly characters: number;
  readonly bytes: number;
}

/**
 * Frames of one stream differ from one to the next only in the text of the delta. A template is learned from a parsed frame:
 * the bytes before and after that text, and what stands around it in the edited frame. A frame that matches to the byte is
 * then edited by copying, without parsing it.
 */
export class FrameTemplate {
  /** Nothing around the text needs decoding, so text of the same kind goes through at a glance. */
  private readonly isPlain: boolean;

  private constructor(
    private readonly before: string,
    /** Between text and padding; null when the frame has no padding. */
    private readonly between: string | null,
    private readonly after: string,
    /** Output: fixed pieces, with the name of what stands between them at odd positions. */
    private readonly output: readonly string[],
  ) {
    this.isPlain = between === null && !NON_ASCII.test(before + after);
  }

  /**
   * @param data the frame, binary text
   * @param chunk the same, parsed
   * @param edit renders the edited form of a parsed chunk
   * @returns null when the frame is not an ordinary delta
   */
  static learn(data: string, chunk: JsonRecord, edit: (chunk: JsonRecord) => JsonRecord): FrameTemplate | null {
    const channel = channelOf(chunk);
    if (!channel || data.length > MAX_TEMPLATE_FRAME || data.includes('@@switchyard-')) return null;
    const padding = PADDINGS.find((name) => typeof chunk[name] === 'string');
    const text = splitAt(data, channel, (probed) => deltaOf(probed)?.[channel] === PROBES[0], PROBES[0]);
    if (!text) return null;
    const tail = padding ? splitAt(text.after, padding, () => true, PROBES[1]) : null;
    const probed = tail
      ? `${text.before}"${PROBES[0]}"${tail.before}"${PROBES[1]}"${tail.after}`
      : `${text.before}"${PROBES[0]}"${text.after}`;
    const value = parseJson(decodeBinaryText(probed))?.value;
    if (!isRecord(value) || deltaOf(value)?.[channel] !== PROBES[0]) return null;
    if (padding && value[padding] !== PROBES[1]) return null;
    const output = `data: ${encodeBinaryText(JSON.stringify(edit(value)))}\n\n`.split(PROBE_SLOT);
    return new FrameTemplate(text.before, tail?.before ?? null, tail?.after ?? text.after, output);
  }

  /** The edited frame with the length of its text, or null when the frame does not match. */
  apply(data: string): Applied | null {
    if (data.length > MAX_TEMPLATE_FRAME || !data.startsWith(this.before)) return null;
    return (this.isPlain && this.applyPlain(data)) || this.applyAny(data);
  }

  /** The ordinary case: ASCII without escapes, of which every byte is a character. */
  private applyPlain(data: string): Applied | null {
    const end = data.length - this.after.length;
    if (end < this.before.length || !data.endsWith(this.after)) return null;
    const text = data.slice(this.before.length, end);
    if (!PLAIN_STRING.test(text)) return null;
    const length = text.length - 2;
    return { output: this.filled(text, ''), characters: length, bytes: length };
  }

  private applyAny(data: string): Applied | null {
    const text = stringAt(data, this.before.length);
    // Nothing to say is another kind of frame: an empty reasoning has no details.
    if (text === null || text === '""') return null;
    let position = this.before.length + text.length;
    let padding = '';
    if (this.between !== null) {
      if (!data.startsWith(this.between, position)) return null;
      position += this.between.length;
      padding = stringAt(data, position) ?? '';
      if (padding === '') return null;
      position += padding.length;
    }
    if (data.length - position !== this.after.length || !data.endsWith(this.after) || !isValidUtf8(data)) return null;
    return { output: this.filled(text, padding), ...lengthOf(text) };
  }

  private filled(text: string, padding: string): string {
    let output = this.output[0]!;
    for (let slot = 1; slot < this.output.length; slot += 2)
      output += (this.output[slot] === 'text' ? text : padding) + this.output[slot + 1]!;
    return output;
  }
}

const stringAt = (data: string, position: number): string | null => {
  JSON_STRING.lastIndex = position;
  return JSON_STRING.exec(data)?.[0] ?? null;
};

/** Characters and UTF-8 bytes of a JSON string in binary text, without decoding in the ordinary case. */
function lengthOf(literal: string): { readonly characters: number; readonly bytes: number } {
  const length = literal.length - 2;
  if (!/[\\\x80-\xff]/.test(literal)) return { characters: length, bytes: length };
  const value = parseJson(decodeBinaryText(literal))?.value;
  return typeof value === 'string'
    ? { characters: value.length, bytes: Buffer.byteLength(value) }
    : { characters: 0, bytes: 0 };
}

const deltaOf = (chunk: unknown): JsonRecord | undefined => {
  const choices = recordsOf(recordOf(chunk)['choices']);
  return choices.length === 1 && isRecord(choices[0]!['delta']) ? choices[0]!['delta'] : undefined;
};

/** The one text field of an ordinary delta: a single choice that goes on, without tool calls, logprobs or usage. */
function channelOf(chunk: JsonRecord): (typeof CHANNELS)[number] | undefined {
  const delta = deltaOf(chunk);
  const choice = recordsOf(chunk['choices'])[0];
  if (!delta || !choice || choice['finish_reason'] || isRecord(choice['logprobs']) || isRecord(chunk['usage']))
    return undefined;
  if (isRecord(chunk['x_groq']) || delta['refusal']) return undefined;
  if (Object.values(delta).some((value) => typeof value === 'object' && value !== null)) return undefined;
  const channels = CHANNELS.filter((name) => typeof delta[name] === 'string' && delta[name] !== '');
  return channels.length === 1 ? channels[0] : undefined;
}

/** Cuts around the string value of the key whose replacement changes what it should. */
function splitAt(
  data: string,
  key: string,
  accepts: (probed: unknown) => boolean,
  probe: string,
): { readonly before: string; readonly after: string } | null {
  const name = `"${key}":`;
  for (let found = data.indexOf(name); found >= 0; found = data.indexOf(name, found + 1)) {
    let position = found + name.length;
    while (data[position] === ' ') position++;
    const literal = stringAt(data, position);
    if (literal === null) continue;
    const [before, after] = [data.slice(0, position), data.slice(position + literal.length)];
    if (key === PADDINGS[0] || key === PADDINGS[1]) return { before, after };
    if (accepts(parseJson(decodeBinaryText(`${before}"${probe}"${after}`))?.value)) return { before, after };
  }
  return null;
}
