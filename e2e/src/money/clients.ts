import { Agent, fetch as undiciFetch } from 'undici';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT_DIALECTS, type ClientDialectId, type Progress } from './client-dialects.js';
import { SseReader } from './sse-reader.js';

/** What one client wants, and how it behaves. */
export interface Ask {
  /** Unique; the upstream's book and the record of the generation carry it. */
  readonly label: string;
  readonly models: readonly string[];
  readonly stream: boolean;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly maxTokens: number;
  readonly behaviour: Behaviour;
  /** Number of the edge that is asked. */
  readonly edge: number;
  readonly key: string;
  /** More words for the directive to the upstream, e.g. `usage=none`. */
  readonly fault?: string;
  /** Money is set aside as the answer goes on instead of for the whole of it. */
  readonly stepped?: boolean;
  /** So many words more in the prompt: it costs as many tokens. */
  readonly padding?: number;
  /** Under this name the request is served once. */
  readonly idempotencyKey?: string;
  /** What the client speaks; chat completions unless told otherwise. */
  readonly dialect?: ClientDialectId;
  /** Its wishes for routing: the `provider` object of the request. */
  readonly provider?: object;
  /** More headers, for what is asked for in none of the dialects. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the body that no other option covers. */
  readonly extra?: object;
  /** Statuses below 500 that are the right answer to it. */
  readonly rightStatuses?: readonly number[];
}

export type Behaviour =
  | { readonly kind: 'stay' }
  /** Leaves so long after asking. */
  | { readonly kind: 'leave after'; readonly ms: number }
  /** Leaves when so many chunks with text were read. */
  | { readonly kind: 'leave at chunk'; readonly chunk: number }
  /** Waits so long after every chunk that it reads. */
  | { readonly kind: 'slow'; readonly pauseMs: number };

/** What the client saw: exactly one of these, or the system has failed it. */
export interface Seen {
  readonly ask: Ask;
  readonly generationId: string | null;
  /**
   * `whole`: the end was seen. `error event`: a typed error and `[DONE]`. `http error`: a status. `left`: the client went away.
   * `cut`: the connection broke, or ended without an end. `refused`: no connection.
   */
  readonly how: 'whole' | 'error event' | 'http error' | 'left' | 'cut' | 'refused';
  readonly status: number | null;
  /** Of the error, from the closed list. */
  readonly code: string | null;
  readonly text: string;
  readonly finish: string | null;
  /** That answered, as the answer names it. */
  readonly model: string | null;
  readonly costNanos: bigint | null;
  /** Comments or pings that filled its silence. */
  readonly beats: number;
  readonly startedAtMs: number;
  /** When the first words came. */
  readonly spokeAtMs: number | null;
  readonly endedAtMs: number;
}

const DEADLINE_MS = 120_000;
/** No connection is kept: one that broke in a pause would look like a cut answer. */
const agent = new Agent({ pipelining: 0, connections: null, connect: { timeout: 10_000 } });

/** Asks an edge and behaves as told. Never throws: whatever happens is what was seen. */
export async function ask(edgeUrls: readonly string[], wanted: Ask): Promise<Seen> {
  const leaving = new AbortController();
  const startedAtMs = performance.now();
  const progress = silence();
  const dialect = CLIENT_DIALECTS[wanted.dialect ?? 'openai-chat'];
  const seen = (how: Seen['how']): Seen => ({
    ask: wanted,
    how,
    ...progress,
    startedAtMs,
    endedAtMs: performance.now(),
  });
  const { behaviour } = wanted;
  const timer = behaviour.kind === 'leave after' ? setTimeout(() => leaving.abort(), behaviour.ms) : undefined;
  try {
    const response = await undiciFetch(`${edgeUrls[wanted.edge]}/api/v1/${dialect.path}`, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(DEADLINE_MS)]),
      headers: {
        authorization: `Bearer ${wanted.key}`,
        'content-type': 'application/json',
        'x-title': wanted.label,
        ...(wanted.stepped && { 'x-switchyard-hold': 'stepped' }),
        ...(wanted.idempotencyKey && { 'idempotency-key': wanted.idempotencyKey }),
        ...wanted.headers,
      },
      body: JSON.stringify(bodyOf(wanted)),
    });
    progress.status = response.status;
    progress.generationId = response.headers.get('x-generation-id');
    if (response.status !== 200 || !wanted.stream) return seen(readWhole(await response.json(), wanted, progress));
    return seen(await readStream(response.body ?? [], wanted, progress, leaving));
  } catch (error) {
    if (leaving.signal.aborted) return seen('left');
    return seen(wasRefused(error) ? 'refused' : 'cut');
  } finally {
    clearTimeout(timer);
  }
}

/** Nobody listened, so nothing was asked. */
function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  return cause?.code === 'ECONNREFUSED' || cause?.code === 'UND_ERR_CONNECT_TIMEOUT';
}

/** The text that the upstream gives: so many words, as far as the limit lets it. */
export function expectedText({ tokens, maxTokens }: Pick<Ask, 'tokens' | 'maxTokens'>): string {
  return Array.from({ length: Math.min(tokens, maxTokens) }, (_, index) => `w${index + 1}`).join(' ');
}

const silence = (): Progress => ({
  generationId: null,
  status: null,
  text: '',
  finish: null,
  model: null,
  code: null,
  costNanos: null,
  beats: 0,
  spokeAtMs: null,
});

const bodyOf = (wanted: Ask) => ({
  ...(wanted.models.length === 1 ? { model: wanted.models[0] } : { models: wanted.models }),
  stream: wanted.stream,
  max_tokens: wanted.maxTokens,
  usage: { include: true },
  messages: [
    {
      role: 'user',
      content: `Go on. [[fault: label=${wanted.label} tokens=${wanted.tokens} tps=${wanted.tokensPerSecond}${wanted.fault ? ` ${wanted.fault}` : ''}]]${' a'.repeat(wanted.padding ?? 0)}`,
    },
  ],
  ...(wanted.provider && { provider: wanted.provider }),
  ...wanted.extra,
});

function readWhole(body: unknown, wanted: Ask, progress: Progress): Seen['how'] {
  CLIENT_DIALECTS[wanted.dialect ?? 'openai-chat'].noteWhole(body, progress);
  if (progress.status !== 200) return 'http error';
  return progress.code === null && progress.finish !== null ? 'whole' : 'cut';
}

async function readStream(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { behaviour, dialect = 'openai-chat' }: Ask,
  progress: Progress,
  leaving: AbortController,
): Promise<Seen['how']> {
  const reader = new SseReader();
  let chunks = 0;
  let done = false;
  for await (const bytes of body) {
    for (const data of reader.push(bytes)) {
      done = CLIENT_DIALECTS[dialect].noteEvent(data, progress) || done;
      if (progress.text !== '') progress.spokeAtMs ??= performance.now();
      if (!done) chunks += 1;
      if (behaviour.kind === 'leave at chunk' && chunks >= behaviour.chunk) leaving.abort();
    }
    progress.beats += reader.takeComments();
    if (behaviour.kind === 'slow') await sleep(behaviour.pauseMs, undefined, { signal: leaving.signal });
  }
  if (!done) return 'cut';
  if (progress.code !== null) return 'error event';
  return progress.finish === null ? 'cut' : 'whole';
}
