import { costNanos } from '../costs.js';

export type ClientDialectId = 'openai-chat' | 'anthropic-messages';

/** What a client has understood of its answer so far. */
export interface Progress {
  generationId: string | null;
  status: number | null;
  text: string;
  finish: string | null;
  model: string | null;
  code: string | null;
  costNanos: bigint | null;
  beats: number;
  spokeAtMs: number | null;
}

/** How a client of a dialect reads: just as much as the checks need, and nothing is forgiven. */
export interface ClientDialect {
  /** Of the route, below `/api/v1/`. */
  readonly path: string;
  /** Notes the data of one event; answers whether it ends the stream. @throws SyntaxError */
  noteEvent(data: string, progress: Progress): boolean;
  noteWhole(body: unknown, progress: Progress): void;
}

interface Failed {
  readonly error?: { readonly code?: string | number; readonly metadata?: { readonly code?: string } };
}

interface ChatChunk extends Failed {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly cost?: number } | null;
}

function noteError({ error }: Failed, progress: Progress): void {
  if (!error) return;
  progress.code = error.metadata?.code ?? (error.code === undefined ? null : String(error.code));
}

function noteChat(chunk: ChatChunk, progress: Progress): void {
  progress.generationId ??= chunk.id ?? null;
  progress.model ??= chunk.model ?? null;
  const choice = chunk.choices?.[0];
  progress.text += choice?.delta?.content ?? choice?.message?.content ?? '';
  progress.finish = choice?.finish_reason ?? progress.finish;
  if (chunk.usage?.cost !== undefined) progress.costNanos = costNanos(chunk.usage.cost);
  noteError(chunk, progress);
}

interface Message {
  readonly id?: string;
  readonly model?: string;
  readonly content?: readonly { readonly text?: string }[];
  readonly stop_reason?: string | null;
  readonly usage?: { readonly cost?: number };
}

interface MessageEvent extends Failed {
  readonly type: string;
  readonly message?: Message;
  readonly delta?: { readonly text?: string; readonly stop_reason?: string | null };
  readonly usage?: { readonly cost?: number };
}

function noteMessage(message: Message, progress: Progress): void {
  progress.generationId ??= message.id ?? null;
  progress.model ??= message.model ?? null;
  progress.text += (message.content ?? []).map(({ text }) => text ?? '').join('');
  progress.finish = message.stop_reason ?? progress.finish;
  if (message.usage?.cost !== undefined) progress.costNanos = costNanos(message.usage.cost);
}

function noteMessageEvent(event: MessageEvent, progress: Progress): boolean {
  if (event.type === 'ping') progress.beats += 1;
  if (event.message) noteMessage(event.message, progress);
  progress.text += event.delta?.text ?? '';
  progress.finish = event.delta?.stop_reason ?? progress.finish;
  if (event.usage?.cost !== undefined) progress.costNanos = costNanos(event.usage.cost);
  noteError(event, progress);
  return event.type === 'message_stop' || event.type === 'error';
}

export const CLIENT_DIALECTS: Readonly<Record<ClientDialectId, ClientDialect>> = {
  'openai-chat': {
    path: 'chat/completions',
    noteEvent(data, progress) {
      if (data === '[DONE]') return true;
      noteChat(JSON.parse(data) as ChatChunk, progress);
      return false;
    },
    noteWhole: (body, progress) => noteChat(body as ChatChunk, progress),
  },
  'anthropic-messages': {
    path: 'messages',
    noteEvent: (data, progress) => noteMessageEvent(JSON.parse(data) as MessageEvent, progress),
    noteWhole(body, progress) {
      noteError(body as Failed, progress);
      noteMessage(body as Message, progress);
    },
  },
};
