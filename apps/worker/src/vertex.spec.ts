import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTokenServer } from './testing/google-tokens.js';
import { Harness } from './testing/harness.js';

const PROJECT = '/v1/projects/p/locations/global/publishers';
const body = { stream: true, messages: [{ role: 'user', content: 'Grüße' }] };
const gemini = { provider: 'google-vertex', upstreamModel: 'gemini-2.5-flash' };
const claude = {
  provider: 'google-vertex',
  protocol: 'anthropic-vertex' as const,
  upstreamModel: 'claude-haiku-4-5@20251001',
};

const GEMINI = `data: ${JSON.stringify({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hallo' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
})}\n\n`;
const CLAUDE = [
  { type: 'message_start', message: { id: 'm', usage: { input_tokens: 4, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Servus' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join('');

interface Request {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** Vertex AI as far as it matters here: it answers whoever has a token, in the format of the publisher. */
function answer(response: ServerResponse, { path, headers }: Request): void {
  if (headers.authorization !== 'Bearer token-1') {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"error":{"code":401,"status":"UNAUTHENTICATED"}}');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(path.includes('/anthropic/') ? CLAUDE : GEMINI);
}

describe('a worker of Google Vertex', () => {
  const requests: Request[] = [];
  let harness: Harness;
  let tokens: Awaited<ReturnType<typeof startTokenServer>>;
  let server: Server;

  beforeAll(async () => {
    [harness, tokens] = await Promise.all([Harness.start(), startTokenServer()]);
    server = createServer((incoming, response) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        const request = {
          path: incoming.url ?? '',
          headers: incoming.headers,
          body: JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>,
        };
        requests.push(request);
        answer(response, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await harness.worker('google-vertex', {
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/projects/p/locations/global`,
      apiKey: null,
      settings: { project: 'p', location: 'global', credentials: tokens.credentials() },
    });
  }, 60_000);
  afterAll(async () => {
    await harness.stop();
    await tokens.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks Gemini and Claude with one token, each in its own format', async () => {
    const [first, second] = [
      await harness.ask({ body, endpoint: gemini }),
      await harness.ask({ body, endpoint: claude }),
    ];
    expect([first.failure, second.failure]).toEqual([null, null]);
    expect(first.text).toContain('Hallo');
    expect(second.text).toContain('Servus');
    expect(first.end).toMatchObject({ usage: { inputTokens: 3, outputTokens: 2 } });
    expect(second.end).toMatchObject({ usage: { inputTokens: 4, outputTokens: 2 } });
    expect(requests.map(({ path }) => path)).toEqual([
      `${PROJECT}/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
      `${PROJECT}/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict`,
    ]);
    expect(requests[1]!.body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true });
    expect(requests[1]!.body).not.toHaveProperty('model');
    expect(tokens.claims).toHaveLength(1);
  });

  it('passes on the beta features that a client of Anthropic asks for', async () => {
    const clientHeaders = { 'anthropic-beta': 'interleaved-thinking-2025-05-14' };
    const seen = await harness.ask({
      body: { ...body, max_tokens: 9 },
      dialect: 'anthropic-messages',
      endpoint: claude,
      clientHeaders,
    });
    expect(seen.failure).toBeNull();
    expect(requests.at(-1)!.headers).toMatchObject(clientHeaders);
    expect(seen.text).toContain('event: content_block_delta');
  });
});
