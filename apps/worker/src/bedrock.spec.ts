import { eventOf, FakeBedrock, messageOf } from './testing/bedrock.js';
import { Harness, sleep } from './testing/harness.js';

const SECRET = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY';
const TOKEN = 'FwoGZXIvYXdzEXAMPLEsessionToken';
const BEARER = 'bedrock-api-key-YmVkcm9jazEyMw';
const aws = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
const body = { stream: true, messages: [{ role: 'user', content: 'Grüße' }] };
const endpoint = {
  provider: 'amazon-bedrock',
  upstreamModel: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  supportsImplicitCaching: true,
};

const TEXT = [
  eventOf('messageStart', { role: 'assistant' }),
  eventOf('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hallo, ' } }),
  eventOf('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Welt' } }),
  eventOf('contentBlockStop', { contentBlockIndex: 0 }),
  eventOf('messageStop', { stopReason: 'end_turn' }),
  eventOf('metadata', { usage: { inputTokens: 11, outputTokens: 7, totalTokens: 18 }, metrics: { latencyMs: 5 } }),
];
const EXCEPTION = messageOf(
  { ':message-type': 'exception', ':exception-type': 'throttlingException' },
  { message: 'Too many tokens.' },
);

let harness: Harness;
let bedrock: FakeBedrock;
/** What the server sends for a stream: pieces, each after a moment. */
let pieces: readonly Buffer[] = TEXT;

beforeAll(async () => {
  harness = await Harness.start();
  bedrock = await FakeBedrock.start({ secretAccessKey: SECRET, bearer: BEARER }, (response, { target }) => {
    if (target.endsWith('/converse')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = { role: 'assistant', content: [{ text: 'Hallo' }] };
      const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };
      response.end(JSON.stringify({ output: { message }, stopReason: 'end_turn', usage }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    void (async () => {
      for (const piece of pieces) {
        response.write(piece);
        await sleep(20);
      }
      response.end();
    })();
  });
}, 60_000);
afterEach(async () => {
  pieces = TEXT;
  await harness.stopWorkers();
});
afterAll(async () => {
  await bedrock.stop();
  await harness.stop();
});

const serve = (changes: { apiKey?: string | null; settings?: Record<string, string> } = {}) =>
  harness.worker('amazon-bedrock', { baseUrl: bedrock.url, apiKey: null, settings: aws, ...changes });

describe('a worker of Amazon Bedrock', () => {
  it('signs a request so that the server lets it in, and reads the binary stream', async () => {
    await serve();
    const seen = await harness.ask({ body, endpoint });
    expect(seen.failure).toBeNull();
    expect(seen.text).toContain('Hallo, ');
    expect(seen.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(seen.end).toMatchObject({
      outcome: 'final',
      finishReason: 'stop',
      usage: { inputTokens: 11, outputTokens: 7 },
    });
    const request = bedrock.requests.at(-1)!;
    expect(request.target).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream');
    expect(request.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\//,
    );
    expect(JSON.parse(request.body)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Grüße' }] }] });
  });

  it('signs every call anew', async () => {
    await serve({ settings: { ...aws, sessionToken: TOKEN } });
    const before = bedrock.requests.length;
    for (const text of ['one', 'two']) {
      const seen = await harness.ask({
        body: { messages: [{ role: 'user', content: text }] },
        stream: false,
        endpoint,
      });
      expect(seen.failure).toBeNull();
      expect(seen.text).toContain('Hallo');
    }
    const [first, second] = bedrock.requests.slice(before).map(({ headers }) => headers);
    expect(first!['authorization']).not.toBe(second!['authorization']);
    expect(first!['x-amz-security-token']).toBe(TOKEN);
  });

  it('uses an API key in place of a signature where there is one', async () => {
    await serve({ apiKey: BEARER });
    expect((await harness.ask({ body, endpoint })).failure).toBeNull();
    expect(bedrock.requests.at(-1)!.headers).toMatchObject({ authorization: `Bearer ${BEARER}` });
    expect(bedrock.requests.at(-1)!.headers['x-amz-date']).toBeUndefined();
  });

  it('says that its credentials were refused, and never what they are', async () => {
    await serve({ settings: { ...aws, secretAccessKey: `${SECRET}x`, sessionToken: TOKEN } });
    const { failure } = await harness.ask({ body, endpoint });
    expect(failure).toMatchObject({
      code: 'upstream_auth',
      upstreamStatus: 403,
      providerCode: 'InvalidSignatureException',
    });
    expect(failure?.raw).toContain('The signature does not match');
    for (const secret of [SECRET, TOKEN, aws.accessKeyId]) expect(JSON.stringify(failure)).not.toContain(secret);
  });

  it('does not call at all without credentials', async () => {
    await serve({ settings: { region: 'eu-central-1' } });
    const before = bedrock.requests.length;
    const { failure } = await harness.ask({ body, endpoint });
    expect(failure).toMatchObject({ code: 'upstream_auth', phase: 'connect', usage: null });
    expect(bedrock.requests.length).toBe(before);
  });

  it('understands an exception in the middle of a stream', async () => {
    pieces = [...TEXT.slice(0, 2), EXCEPTION];
    await serve();
    const { failure, text } = await harness.ask({ body, endpoint });
    expect(text).toContain('Hallo');
    expect(failure).toMatchObject({
      code: 'upstream_rate_limited',
      phase: 'stream',
      providerCode: 'ThrottlingException',
    });
  });

  it.each([
    ['a byte was changed', (stream: Buffer) => stream.fill(0x41, 300, 301)],
    ['it was cut', (stream: Buffer) => stream.subarray(0, 400)],
  ])('never calls a stream complete when %s', async (_what, spoil) => {
    pieces = [spoil(Buffer.concat(TEXT))];
    await serve();
    const { failure, end } = await harness.ask({ body, endpoint });
    expect(end).toBeNull();
    expect(['upstream_invalid_response', 'upstream_disconnected', 'stream_lost']).toContain(failure?.code);
  });

  it('reads a cancelled answer to its end, because all of it is billed', async () => {
    await serve();
    const cancel = new AbortController();
    const { call, opened } = harness.open({ body, endpoint, signal: cancel.signal });
    const stream = await opened;
    for await (const bytes of stream) {
      stream.acknowledge(bytes.length);
      break;
    }
    cancel.abort();
    // The usage comes last: who has it has read everything.
    const usage = await harness.usageOf(call.generationId);
    expect(usage).toMatchObject({ outcome: 'final', cancelled: true, usage: { inputTokens: 11, outputTokens: 7 } });
  });
});
