import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { bearer, defineProvider } from '@switchyard/providers';
import { Harness } from './testing/harness.js';

/** All that a provider costs whose API is OpenAI's: at most fifteen lines. */
const acme = defineProvider({
  id: 'acme',
  name: 'Acme',
  protocol: 'openai-chat',
  baseUrl: 'https://api.acme.example/v1',
  authorize: bearer,
  quirks: {
    rename: { max_tokens: 'max_completion_tokens' },
    omit: ['seed'],
    reasoningSwitch: 'thinking',
    reasoningField: 'reasoning_content',
  },
  stopsBillingOnAbort: true,
  source: { url: 'https://docs.acme.example/billing', date: '2026-11-22' },
});

const ENDPOINT = {
  id: 'acme:acme/one',
  modelId: 'acme/one',
  provider: 'acme',
  providerName: 'Acme',
  tag: 'acme',
  upstreamModel: 'one-2026',
};

interface Received {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

/** A provider of the test's own, which remembers the last request and streams one answer. */
async function startAcme() {
  let received: Received | null = null;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { url, headers } = request;
      received = { url, authorization: headers.authorization, body: JSON.parse(body) as Record<string, unknown> };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received: () => received,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

const CHUNK = { id: 'up-1', object: 'chat.completion.chunk', created: 1, model: 'one-2026' };
const choice = (content: string, finish_reason: string | null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }],
});
const ANSWER = [
  choice('Good ', null),
  choice('day', 'stop'),
  { choices: [], usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 } },
]
  .map((part) => `data: ${JSON.stringify({ ...CHUNK, ...part })}\n\n`)
  .concat('data: [DONE]\n\n')
  .join('');

describe('a provider that is one object of data', () => {
  let harness: Harness;
  let upstream: Awaited<ReturnType<typeof startAcme>>;
  beforeAll(async () => {
    [harness, upstream] = await Promise.all([Harness.start(), startAcme()]);
    await harness.worker('sandbox', { provider: acme, baseUrl: upstream.url, apiKey: 'acme-key-0123456789' });
  }, 30_000);
  afterAll(async () => {
    await harness.stop();
    await upstream.stop();
  });

  const ask = (body: Record<string, unknown>) =>
    harness.ask({
      endpoint: {
        ...ENDPOINT,
        supportedParameters: ['max_tokens', 'seed', 'reasoning', 'tools'],
        reasoning: { mandatory: false, efforts: ['none'], defaultEffort: null, maxTokens: false },
      },
      body: { stream: true, messages: [{ role: 'user', content: 'Hello' }], ...body },
    });

  it('is served by a worker: address, key, answer and bill', async () => {
    const seen = await ask({});
    expect(seen.failure).toBeNull();
    expect(seen.text).toContain('Good ');
    expect(seen.text).toContain('"provider":"Acme"');
    expect(upstream.received()).toMatchObject({
      url: '/v1/chat/completions',
      authorization: 'Bearer acme-key-0123456789',
      body: { model: 'one-2026', stream: true },
    });
    // 11 tokens at 1 and 2 at 3 millionths of a dollar.
    expect(seen.end).toMatchObject({ outcome: 'final', costNanos: 17_000n });
    expect(await harness.usageOf(seen.call.generationId)).toMatchObject({ provider: 'acme', costNanos: 17_000n });
  });

  it('gets requests in its own words', async () => {
    await ask({ max_tokens: 50, seed: 7, reasoning: { enabled: false } });
    const body = upstream.received()?.body ?? {};
    expect(body).toMatchObject({ max_completion_tokens: 50, thinking: { type: 'disabled' } });
    for (const name of ['max_tokens', 'seed', 'reasoning_effort']) expect(body).not.toHaveProperty(name);
  });

  it('gets the reasoning of earlier turns where it reads it', async () => {
    const assistant = { role: 'assistant', content: 'Hi', reasoning: 'They greet me.' };
    await ask({ messages: [{ role: 'user', content: 'Hello' }, assistant, { role: 'user', content: 'And now?' }] });
    const messages = upstream.received()?.body['messages'] as Record<string, unknown>[];
    expect(messages[1]).toMatchObject({ reasoning_content: 'They greet me.' });
  });
});
