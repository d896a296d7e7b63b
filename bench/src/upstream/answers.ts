/** What a model name asks the upstream for: `bench-<tokens>-<tokens per second, 0 for at once>-<latency in ms>`. */
export interface Pace {
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly latencyMs: number;
}

const MODEL = /"model":\s*"bench-(\d+)-(\d+)-(\d+)"/;
const STREAM = /"stream":\s*true/;

export const modelOf = ({ tokens, tokensPerSecond, latencyMs }: Pace): string =>
  `bench-${tokens}-${tokensPerSecond}-${latencyMs}`;

/** Reads only what it must of a request, so that the upstream is fast enough to measure others by. */
export function readRequest(body: Buffer): { pace: Pace; stream: boolean } | null {
  // Both stand at one end of the body, before or after messages that may be megabytes long.
  const EDGE = 2_048;
  const text =
    body.length <= 2 * EDGE
      ? body.toString('latin1')
      : body.toString('latin1', 0, EDGE) + body.toString('latin1', body.length - EDGE);
  const match = MODEL.exec(text);
  if (!match) return null;
  const [tokens = 0, tokensPerSecond = 0, latencyMs = 0] = match.slice(1).map(Number);
  return { pace: { tokens, tokensPerSecond, latencyMs }, stream: STREAM.test(text) };
}

const ID = 'chatcmpl-bench';
const CREATED = 1_760_000_000;
const usageOf = (tokens: number) => ({ prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens });

export const wholeAnswer = (tokens: number): string =>
  JSON.stringify({
    id: ID,
    object: 'chat.completion',
    created: CREATED,
    model: 'bench',
    choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(tokens) }, finish_reason: 'stop' }],
    usage: usageOf(tokens),
  });

const event = (delta: object, finishReason: string | null): string =>
  `data: ${JSON.stringify({
    id: ID,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: 'bench',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  })}\n\n`;

export const tokenEvent = (index: number): string =>
  event(index === 0 ? { role: 'assistant', content: 'word ' } : { content: 'word ' }, null);

export const lastEvents = (tokens: number): string =>
  `${event({}, 'stop')}data: ${JSON.stringify({
    id: ID,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: 'bench',
    choices: [],
    usage: usageOf(tokens),
  })}\n\ndata: [DONE]\n\n`;
