import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { singleKey } from './authorization/upstream-key.js';
import type { UpstreamKey } from './authorization/upstream-key.js';
import { Harness } from './testing/harness.js';

/** A provider with keys that it knows, limits and refuses: `limited-*` get 429, `empty-*` 402, `broken-*` 500. */
class KeyedProvider {
  readonly seen: string[] = [];
  private readonly server: Server = createServer((request, response) => this.answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const key = (request.headers.authorization ?? '').replace('Bearer ', '');
    this.seen.push(key);
    request.resume();
    const status = STATUS[key.split('-', 1)[0] ?? ''] ?? 200;
    if (status !== 200) {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(status === 429 && { 'retry-after': '60' }),
      });
      response.end(JSON.stringify({ error: { message: `no: ${key}`, type: status === 429 ? 'rate_limit' : 'error' } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    response.end(`${chunk({ role: 'assistant', content: 'Hello' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`);
  }
}
const STATUS: Readonly<Record<string, number>> = { limited: 429, empty: 402, broken: 500 };

describe('C 56: several keys for one provider', () => {
  const provider = new KeyedProvider();
  let harness: Harness;
  let baseUrl: string;
  beforeAll(async () => {
    [harness, baseUrl] = [await Harness.start(), await provider.start()];
  }, 30_000);
  afterAll(async () => {
    provider.stop();
    await harness.stop();
  });
  afterEach(() => harness.stopWorkers());

  const named = (key: string, fields: Partial<UpstreamKey> = {}): UpstreamKey => ({
    ...singleKey(key),
    name: key,
    ...fields,
  });
  const serve = (...keys: UpstreamKey[]) => {
    provider.seen.length = 0;
    return harness.worker('local', { baseUrl, keys });
  };
  const ask = () =>
    harness.ask({
      body: { stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      endpoint: { provider: 'local' },
    });

  it.each(['limited-1', 'empty-1'])('%s is replaced at once, and rests', async (first) => {
    await serve(named(first), named('good-1'));
    expect((await ask()).text).toContain('Hello');
    expect((await ask()).text).toContain('Hello');
    expect(provider.seen).toEqual([first, 'good-1', 'good-1']);
  });

  it('keeps its fallback key for when the others rest', async () => {
    await serve(named('good-spare', { fallback: true }), named('limited-1'), named('limited-2'));
    expect((await ask()).text).toContain('Hello');
    expect(provider.seen).toEqual(['limited-1', 'limited-2', 'good-spare']);
  });

  it('tells the failure of the last key when all are limited, and then asks with one only', async () => {
    await serve(named('limited-1'), named('limited-2'));
    const seen = await ask();
    expect(seen.failure).toMatchObject({
      code: 'upstream_rate_limited',
      retryAfterMs: 60_000,
      upstreamStatus: 429,
      usage: null,
    });
    await ask();
    expect(provider.seen).toEqual(['limited-1', 'limited-2', 'limited-1']);
  });

  it('does not try another key for a failure of the provider itself', async () => {
    await serve(named('broken-1'), named('good-1'));
    expect((await ask()).failure).toMatchObject({ code: 'upstream_error', upstreamStatus: 500 });
    expect(provider.seen).toEqual(['broken-1']);
  });

  it('uses keys only for what they are for', async () => {
    await serve(named('good-1', { models: ['other-*'] }), named('good-2', { models: ['sandbox/*'] }));
    expect((await ask()).text).toContain('Hello');
    expect(provider.seen).toEqual(['good-2']);
  });

  it('asks nobody when no key is for the endpoint, so that another endpoint may', async () => {
    await serve(named('good-1', { models: ['other-*'] }));
    expect((await ask()).failure).toMatchObject({ code: 'upstream_auth', retryable: true });
    expect(provider.seen).toEqual([]);
  });

  it('repeats none of its keys in an error', async () => {
    await serve(named('limited-xq8Zn1'), named('limited-zz9Yp2'));
    const text = JSON.stringify((await ask()).failure);
    expect(text).toContain('no: ***');
    expect(text).not.toMatch(/xq8Zn1|zz9Yp2/);
  });
});
