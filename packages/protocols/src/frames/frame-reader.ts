import { createParser } from 'eventsource-parser';
import type { UpstreamFailure } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { parseJson } from '../json.js';
import { bytesOfBinaryText, decodeBinaryText, toBinaryText } from './binary-text.js';
import { EventStreamSplitter } from './event-stream.js';
import { JsonSplitter } from './json-splitter.js';
import { FEED_BYTES, MAX_FRAME_BYTES } from './limits.js';

/** One event of a stream. */
export interface Frame {
  readonly event: string | undefined;
  /** Binary text: one character per byte, see binary-text.ts. */
  readonly data: string;
  /** The input ended inside this event: it may be cut. */
  readonly partial: boolean;
  /** The name of the exception that it tells of; only AWS's event streams have such. */
  readonly exception?: string;
}

export const frameText = (frame: Frame): string => decodeBinaryText(frame.data);
export const frameJson = (frame: Frame): { readonly value: unknown } | undefined => parseJson(frameText(frame));

const KINDS: Readonly<Record<string, 'json' | 'html' | 'binary'>> = {
  '{': 'json',
  '[': 'json',
  '<': 'html',
  '\0': 'binary',
};

/**
 * Cuts upstream bytes into frames. What the bytes are shows in the first one that is not white space: `{` or `[` is JSON (a
 * plain body in place of a stream, or Gemini's array form), `<` is a page of some proxy, a zero byte begins AWS's binary form (no
 * message there is as long as 16 MiB), anything else is an event stream. The frames never depend on where reads fall.
 */
export class FrameReader {
  private kind: 'unknown' | 'sse' | 'json' | 'html' | 'binary' = 'unknown';
  private head = '';
  private frames: Frame[] = [];
  private partial = false;
  private readonly splitter = new JsonSplitter();
  private readonly messages = new EventStreamSplitter();
  private broken: UpstreamFailure | null = null;
  private readonly parser = createParser({
    // The line buffer also holds the field name; the exact limit is checked on the finished event.
    maxBufferSize: MAX_FRAME_BYTES + FEED_BYTES,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') this.tooLarge();
    },
    onEvent: ({ event, data, id }) => {
      if (data.length + (event?.length ?? 0) + (id?.length ?? 0) > MAX_FRAME_BYTES) this.tooLarge();
      else if (!this.broken) this.frames.push({ event, data, partial: this.partial });
    },
  });

  /** Set when the bytes cannot be a stream; nothing is read any more. */
  get failure(): UpstreamFailure | null {
    return this.broken;
  }

  push(bytes: Uint8Array): Frame[] {
    for (let start = 0; start < bytes.length && !this.broken; start += FEED_BYTES)
      if (this.kind === 'binary') this.feedMessages(bytes.subarray(start, start + FEED_BYTES));
      else this.feed(toBinaryText(bytes.subarray(start, start + FEED_BYTES)));
    return this.take();
  }

  /** The input is over. */
  end(): Frame[] {
    this.partial = true;
    if (this.kind === 'sse' && !this.broken) this.parser.feed('\n\n');
    if (this.kind === 'html')
      this.broken ??= failureOf('upstream_invalid_response', { raw: decodeBinaryText(this.head) });
    const rest = this.splitter.rest();
    if (rest !== '' && !this.broken) this.frames.push({ event: undefined, data: rest, partial: true });
    return this.take();
  }

  private feed(text: string): void {
    if (this.kind === 'unknown') {
      this.head += text;
      const first = /[^\s\xef\xbb\xbf]/.exec(this.head)?.[0];
      if (first === undefined) {
        this.head = this.head.slice(0, FEED_BYTES);
        return;
      }
      this.kind = KINDS[first] ?? 'sse';
      text = this.head;
    } else if (this.kind === 'html') this.head = (this.head + text).slice(0, FEED_BYTES);
    if (this.kind === 'sse') this.parser.feed(text);
    if (this.kind === 'binary') this.feedMessages(bytesOfBinaryText(text));
    if (this.kind === 'json') {
      for (const data of this.splitter.push(text)) this.frames.push({ event: undefined, data, partial: false });
      if (this.splitter.overflow) this.tooLarge();
    }
  }

  private feedMessages(bytes: Uint8Array): void {
    this.frames.push(...this.messages.push(bytes));
    const { fault } = this.messages;
    if (fault) this.broken ??= failureOf('upstream_invalid_response', { providerCode: fault });
  }

  private take(): Frame[] {
    const frames = this.frames;
    this.frames = [];
    return frames;
  }

  private tooLarge(): void {
    this.broken ??= failureOf('upstream_invalid_response', { providerCode: 'frame_too_large' });
  }
}
