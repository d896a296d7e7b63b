import { Pool } from 'undici';
import type { Target } from '../targets/target.js';
import type { Pace } from '../upstream/answers.js';

export interface Exchange {
  readonly ok: boolean;
  readonly status: number;
  readonly totalMs: number;
  /** Until the first event of a stream; of the whole answer otherwise. */
  readonly firstMs: number;
  /** Between events of a stream. */
  readonly gapsMs: readonly number[];
  readonly events: number;
}

export interface Client {
  send(): Promise<Exchange>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 120_000;

/** What is sent, made once: the generator shall cost as little as possible. */
export function bodyOf(target: Target, pace: Pace, options: { stream: boolean; promptBytes?: number }): Buffer {
  const content = 'Hello! '.padEnd(options.promptBytes ?? 20, 'word ');
  return Buffer.from(
    JSON.stringify({
      model: target.modelOf(pace),
      messages: [{ role: 'user', content }],
      ...(options.stream && { stream: true }),
    }),
  );
}

export interface ClientOptions {
  readonly connections: number;
  readonly stream: boolean;
  /** The API key of the next request; that of the target when absent. */
  readonly nextKey?: () => string;
}

export function openClient(target: Target, body: Buffer, { connections, stream, nextKey }: ClientOptions): Client {
  const ways = target.urls.map((text) => {
    const url = new URL(text);
    return {
      pool: new Pool(url.origin, { connections, pipelining: 1, headersTimeout: TIMEOUT_MS }),
      path: url.pathname,
    };
  });
  let sent = 0;
  return {
    send() {
      const { pool, path } = ways[sent % ways.length]!;
      sent += 1;
      const headers = nextKey ? { ...target.headers, authorization: `Bearer ${nextKey()}` } : target.headers;
      const request = { path, method: 'POST', headers, body } as const;
      return stream ? streamed(pool, request) : whole(pool, request);
    },
    async close() {
      await Promise.all(ways.map(({ pool }) => pool.close()));
    },
  };
}

type Request = Parameters<Pool['request']>[0];

async function whole(pool: Pool, request: Request): Promise<Exchange> {
  const startedAt = performance.now();
  try {
    const { statusCode, body } = await pool.request(request);
    const bytes = (await body.arrayBuffer()).byteLength;
    const totalMs = performance.now() - startedAt;
    return {
      ok: statusCode === 200 && bytes > 0,
      status: statusCode,
      totalMs,
      firstMs: totalMs,
      gapsMs: [],
      events: 0,
    };
  } catch {
    return failed(startedAt);
  }
}

const DONE = Buffer.from('data: [DONE]');
const DATA = Buffer.from('data: {');

async function streamed(pool: Pool, request: Request): Promise<Exchange> {
  const startedAt = performance.now();
  try {
    const { statusCode, body } = await pool.request(request);
    const gapsMs: number[] = [];
    let firstMs = 0;
    let lastAt = 0;
    let events = 0;
    let done = false;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const found = count(chunk, DATA);
      done ||= chunk.includes(DONE);
      if (found === 0) continue;
      const now = performance.now();
      if (events === 0) firstMs = now - startedAt;
      else gapsMs.push(now - lastAt);
      lastAt = now;
      events += found;
    }
    const totalMs = performance.now() - startedAt;
    return { ok: statusCode === 200 && done, status: statusCode, totalMs, firstMs, gapsMs, events };
  } catch {
    return failed(startedAt);
  }
}

function count(chunk: Buffer, wanted: Buffer): number {
  let found = 0;
  for (let at = chunk.indexOf(wanted); at !== -1; at = chunk.indexOf(wanted, at + wanted.length)) found += 1;
  return found;
}

const failed = (startedAt: number): Exchange => {
  const totalMs = performance.now() - startedAt;
  return { ok: false, status: 0, totalMs, firstMs: totalMs, gapsMs: [], events: 0 };
};
