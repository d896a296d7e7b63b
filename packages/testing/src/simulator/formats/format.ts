import type { Answer } from '../answer.js';
import type { FormatId, Prompt } from '../prompt.js';

/** One answer, ready to be written in a wire format. */
export interface Reply {
  readonly id: string;
  readonly createdSeconds: number;
  readonly prompt: Prompt;
  readonly answer: Answer;
  /** What the answer will claim; null when it says nothing about usage. */
  readonly usage: ReportedUsage | null;
}

export interface ReportedUsage {
  /** All input tokens, cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** A piece of a stream. `close` carries finish and usage, `done` is the terminal event of the format. */
export interface Frame {
  readonly kind: 'open' | 'token' | 'close' | 'done';
  readonly text: string | Uint8Array;
  /** Output tokens of a `token` frame; 1 when absent. */
  readonly tokens?: number;
}

/** A wire format as its provider speaks it. */
export interface Format {
  readonly id: FormatId;
  /** What the ids of its answers begin with. */
  readonly idPrefix: string;
  /** Media type of its streams; that of server-sent events when absent. */
  readonly streamType?: string;
  /** Usage tells reasoning tokens apart. */
  readonly reportsReasoning: boolean;
  /**
   * @param address path and query of the request; some formats carry the model there
   * @throws RefusedRequest when the provider would refuse the body
   */
  parse(body: unknown, address: string): Prompt;
  /** The events of a stream; one `token` frame per output token. */
  frames(reply: Reply): Iterable<Frame>;
  body(reply: Reply): object;
  error(status: number, type: string, message: string): object;
  /** An error inside a stream. */
  errorEvent(message: string): string | Uint8Array;
  /** A text delta outside the answer, for faults. */
  textEvent(reply: Reply, text: string): string | Uint8Array;
  /** Any payload in the event framing of the format. */
  event(payload: string): string | Uint8Array;
}
