import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { FormData, Pool } from 'undici';
import { WORKER_CONFIG } from '../config.js';
import type { WorkerConfig } from '../config.js';
import { createAuthorizer } from '../authorization/authorizer.js';
import type { Authorizer } from '../authorization/types.js';
import type { UpstreamKey } from '../authorization/upstream-key.js';
import type { Deadlines } from './deadlines.js';
import { Exchange } from './exchange.js';
import type { ResponseHead } from './exchange.js';
import { KEEP_ALIVE_MS, MAX_RESPONSE_HEADER_BYTES } from './limits.js';
import { UpstreamBody } from './upstream-body.js';

export interface UpstreamCall {
  readonly url: string;
  /** Path and query of the same. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A form says itself what it is. */
  readonly body: string | FormData;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Those of the allow list, in lower case. */
  readonly readHeaders: () => Readonly<Record<string, string>>;
  readonly body: UpstreamBody;
}

/** What we read of a provider's headers. Nothing of them ever reaches a client as it is. */
const READ_HEADERS =
  /^(content-type|retry-after|retry-after-ms|x-should-retry|x-request-id|x-amzn-errortype|x-amzn-requestid|request-id|x-ratelimit-.+|anthropic-ratelimit-.+)$/;
const MAX_HEADER_VALUE = 256;

/** The only way out to the provider: one origin, a bounded pool of connections, no redirects. */
@Injectable()
export class UpstreamClient implements OnModuleDestroy {
  private readonly pool: Pool;
  private readonly authorize: Authorizer;

  constructor(@Inject(WORKER_CONFIG) private readonly config: WorkerConfig) {
    this.authorize = createAuthorizer(config);
    this.pool = new Pool(new URL(config.baseUrl).origin, {
      connections: config.upstreamConnections,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      // Every call brings its own deadlines, and a cancelled stream must close its own connection and no other's.
      connectTimeout: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      pipelining: 1,
    });
  }

  /**
   * Sends one request with a key, or signed anew without one; resolves at the head of the answer. Redirects are answers like any other: the key goes
   * nowhere else.
   * @throws the reason of `deadlines`, or what the socket or the parser threw
   */
  async post(call: UpstreamCall, deadlines: Deadlines, key: UpstreamKey | null): Promise<UpstreamAnswer> {
    const isForm = call.body instanceof FormData;
    const headers = isForm ? call.headers : { ...call.headers, 'content-type': 'application/json' };
    // No provider whose requests are signed byte by byte takes forms.
    const request = { method: 'POST', url: call.url, headers, body: isForm ? '' : call.body } as const;
    const authorization = key
      ? this.config.provider.authorize(key.key)
      : await unlessAborted(this.authorize(request, deadlines.signal), deadlines.signal);
    if (deadlines.reason) throw deadlines.reason;
    const exchange = new Exchange(deadlines);
    this.pool.dispatch(
      {
        method: 'POST',
        path: call.path,
        headers: { ...headers, ...authorization, 'accept-encoding': 'identity' },
        body: call.body,
      },
      exchange,
    );
    const { status, headers: answered } = await exchange.head;
    return {
      status,
      contentType: headerOf(answered, 'content-type'),
      readHeaders: () => readHeaders(answered),
      body: new UpstreamBody(exchange, deadlines),
    };
  }

  async onModuleDestroy(): Promise<void> {
    await this.pool.destroy();
  }
}

/** A signature can take its time: Google's tokens come from elsewhere. */
async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  // When the deadline wins, the request still fails later, and nobody is left to hear it.
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function readHeaders(headers: ResponseHead['headers']): Record<string, string> {
  const read: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = READ_HEADERS.test(name) ? headerOf(headers, name) : undefined;
    if (value !== undefined) read[name] = value;
  }
  return read;
}

function headerOf(headers: ResponseHead['headers'], name: string): string | undefined {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value)?.slice(0, MAX_HEADER_VALUE);
}
