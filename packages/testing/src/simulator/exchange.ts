import type { IncomingMessage } from 'node:http';
import { answer, behaviourOf, isKnownModel, outputTokensOf } from './answer.js';
import type { Answer } from './answer.js';
import { deliverBody, deliverStream, hostileHeaders } from './deliver.js';
import type { Pace } from './deliver.js';
import type { Fault } from './fault.js';
import { parseFault } from './fault.js';
import type { Format, Reply, ReportedUsage } from './formats/format.js';
import { echoOf, lastUserText, RefusedRequest } from './prompt.js';
import type { Prompt } from './prompt.js';
import type { PrefixCache } from './prefix-cache.js';
import { promptTokensOf } from './tokens.js';
import type { Wire } from './wire.js';

export interface ExchangeContext {
  readonly wire: Wire;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly format: Format;
  readonly cache: PrefixCache;
  readonly tokensPerSecond: number;
  /** Models that it does not know answer as `echo`, so that it can stand for any provider of a catalogue. */
  readonly anyModel: boolean;
  /** What the control API ordered for this request. */
  ordered(model: string): Fault;
  /** A number that is unique in this process and over restarts: part of the ids of answers. */
  readonly replyId: string;
}

const SLOW: Pace = { tokensPerSecond: 10, firstTokenMs: 2000 };
const HUGE_TOKENS = 1_000_000_000;

/** Answers one request in its wire format. */
export async function exchange(context: ExchangeContext): Promise<void> {
  const { wire, format, body, request } = context;
  try {
    const prompt = format.parse(parseJson(body), request.url ?? '/');
    const fault = { ...parseFault(lastUserText(prompt)), ...context.ordered(prompt.model) };
    const { model, stream } = prompt;
    Object.assign(wire.entry, { format: format.id, model, stream, label: fault.label ?? null });
    await respond(context, context.anyModel && !isKnownModel(model) ? { ...prompt, model: 'echo' } : prompt, fault);
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    await sendError(context, { status: error.status, type: error.type, message: error.message });
  }
}

async function respond(context: ExchangeContext, prompt: Prompt, fault: Fault): Promise<void> {
  const { wire, format } = context;
  if (fault.delayMs) await wire.pause(fault.delayMs);
  if (fault.stallAfter === -1) await wire.stall();
  if (fault.resetAfter === -1) wire.destroy('rst');
  if (fault.cutAfter === -1) wire.destroy('fin');
  if (await insteadOfAnswer(context, prompt, fault)) return;
  const reply = replyTo(context, prompt, fault);
  const pace = paceOf(context, prompt, fault);
  await (prompt.stream ? deliverStream : deliverBody)(wire, format, reply, fault, pace);
}

/** Errors, redirects and pages that come in place of an answer. */
async function insteadOfAnswer(context: ExchangeContext, prompt: Prompt, fault: Fault): Promise<boolean> {
  const { wire, request } = context;
  if (fault.status !== undefined && fault.status !== 200) {
    const key = fault.echoKey ? ` Credentials: ${credentialsOf(request)}.` : '';
    const said = fault.because ? WORDS[fault.because] : `The sandbox was asked to answer ${fault.status}.`;
    const message = `${said}${key}${echoOf(prompt, fault)}`;
    await sendError(context, { status: fault.status, type: typeOf(fault.status), message }, fault);
    return true;
  }
  if (fault.refusePrefill && prompt.turns.at(-1)?.role === 'assistant')
    throw new RefusedRequest('This model does not support prefilling: the last message must be from the user.');
  if (fault.redirect) {
    wire.head(307, { location: `http://${request.headers.host ?? '127.0.0.1'}/redirected` });
    await wire.end();
    return true;
  }
  if (!fault.html) return false;
  wire.head(200, { 'content-type': 'text/html', ...hostileHeaders(fault) });
  await wire.write('<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>');
  await wire.end();
  return true;
}

/** How providers say why they refuse a request. */
const WORDS: Readonly<Record<NonNullable<Fault['because']>, string>> = {
  context_length: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
  content_filter: "The response was filtered due to the prompt triggering the provider's content management policy.",
};

interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

async function sendError({ wire, format }: ExchangeContext, refusal: Refusal, fault: Fault = {}): Promise<void> {
  wire.entry.finish = 'error';
  wire.head(refusal.status, {
    'content-type': 'application/json',
    ...(fault.retryAfter !== undefined && { 'retry-after': fault.retryAfter }),
    ...hostileHeaders(fault),
  });
  await wire.write(JSON.stringify(format.error(refusal.status, refusal.type, refusal.message)));
  await wire.end();
}

function replyTo({ wire, cache, replyId, format }: ExchangeContext, prompt: Prompt, fault: Fault): Reply {
  const said = answer(prompt, fault);
  const promptTokens = promptTokensOf(prompt);
  const usage = reportedUsage({
    promptTokens: promptTokens.length,
    cachedTokens: cache.read(promptTokens),
    said,
    fault,
    format,
  });
  const reply = {
    id: `${format.idPrefix}${replyId}`,
    createdSeconds: Math.floor(Date.now() / 1000),
    prompt,
    answer: said,
    usage,
  };
  Object.assign(wire.entry, {
    promptTokens: promptTokens.length,
    upstreamId: reply.id,
    reported: usage,
  });
  return reply;
}

interface UsageInput {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly said: Answer;
  readonly fault: Fault;
  readonly format: Format;
}

function reportedUsage({ promptTokens, cachedTokens, said, fault, format }: UsageInput): ReportedUsage | null {
  const usage = {
    promptTokens,
    cachedTokens,
    outputTokens: outputTokensOf(said),
    reasoningTokens: format.reportsReasoning ? said.reasoning.length : 0,
  };
  switch (fault.usage) {
    case 'none':
      return null;
    case 'huge':
      return { ...usage, outputTokens: HUGE_TOKENS };
    case 'zero':
      return { promptTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };
    case 'negative':
      return { ...usage, outputTokens: -5 };
    case 'tenfold':
      return { ...usage, outputTokens: usage.outputTokens * 10 };
    case 'fraction':
      return { ...usage, outputTokens: usage.outputTokens + 0.5 };
    case 'overflow':
      return { ...usage, outputTokens: 2 ** 63 };
    default:
      return usage;
  }
}

function paceOf({ tokensPerSecond }: ExchangeContext, prompt: Prompt, fault: Fault): Pace {
  const pace = behaviourOf(prompt.model) === 'slow' ? SLOW : { tokensPerSecond, firstTokenMs: 0 };
  return {
    tokensPerSecond: fault.tokensPerSecond ?? pace.tokensPerSecond,
    firstTokenMs: fault.firstTokenMs ?? pace.firstTokenMs,
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new RefusedRequest('We could not parse the JSON body of your request.');
  }
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/';

const credentialsOf = ({ headers }: IncomingMessage): string =>
  [headers.authorization, headers['x-api-key'], headers['x-goog-api-key']].filter(Boolean).join(' ');

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 429) return 'rate_limit_exceeded';
  if (status === 529) return 'overloaded_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
