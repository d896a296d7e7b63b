/** A request as the simulator understands it, whatever wire format it came in. */
export interface Prompt {
  readonly format: FormatId;
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly OfferedTool[];
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  /** The caller wants JSON: any object, or one that is valid for the schema. */
  readonly json: { readonly schema: unknown } | null;
  /** OpenAI streams carry usage only when `stream_options.include_usage` asks for it. */
  readonly includeUsage: boolean;
}

export type FormatId =
  | 'openai'
  | 'openai-responses'
  | 'anthropic'
  | 'anthropic-bedrock'
  | 'anthropic-vertex'
  | 'bedrock-converse'
  | 'cohere-v2'
  | 'gemini'
  | 'ollama';

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  readonly images: readonly SeenImage[];
}

export interface SeenImage {
  readonly mediaType: string;
  /** Bytes of the decoded image; null when only an address was given. */
  readonly bytes: number | null;
}

export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
}

/** A request that a provider would refuse with 400 (or 404 for a model it does not know). */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;
  readonly type: string;

  constructor(message: string, status = 400, type = 'invalid_request_error') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** The text of the last user turn: where fault directives are read, and what `echo` repeats. */
export const lastUserText = (prompt: Prompt): string =>
  prompt.turns.findLast((turn) => turn.role === 'user' && turn.text !== '')?.text ?? '';

/** What an error adds when `echo_text` asks for it: some providers quote the request that they refuse. */
export const echoOf = (prompt: Prompt, { echoText }: { readonly echoText?: boolean }): string =>
  echoText ? ` You wrote: ${prompt.turns.map(({ text }) => text).join(' ')}` : '';

/** An image as a `data:` URL or an ordinary address. */
export function imageOfUrl(url: string): SeenImage {
  const match = /^data:([^;,]+);base64,(.*)$/s.exec(url);
  if (!match) return { mediaType: 'address', bytes: null };
  return imageOfBase64(match[1] ?? 'unknown', match[2] ?? '');
}

export const imageOfBase64 = (mediaType: string, data: string): SeenImage => ({
  mediaType,
  bytes: Buffer.byteLength(data, 'base64'),
});
