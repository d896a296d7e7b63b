import { eventOf, FakeBedrock, messageOf } from './testing/bedrock.js';
import { Harness } from './testing/harness.js';

const SECRET = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY';
const settings = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const endpoint = { provider: 'amazon-bedrock', protocol: 'anthropic-bedrock' as const, upstreamModel: model };
const body = { stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Grüße' }] };

const DELTA = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Servus, 世界' } };
const EVENTS = [
  { type: 'message_start', message: { id: 'm', usage: { input_tokens: 4, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  DELTA,
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
].map((event) => eventOf('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcd' }));

let harness: Harness;
let bedrock: FakeBedrock;
let stream: readonly Buffer[] = EVENTS;

beforeAll(async () => {
  harness = await Harness.start();
  bedrock = await FakeBedrock.start({ secretAccessKey: SECRET, bearer: 'unused' }, (response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    response.end(Buffer.concat(stream));
  });
  await harness.worker('amazon-bedrock', { baseUrl: bedrock.url, apiKey: null, settings });
}, 60_000);
afterEach(() => {
  stream = EVENTS;
});
afterAll(async () => {
  await bedrock.stop();
  await harness.stop();
});

describe('Claude through InvokeModel', () => {
  it.each(['openai-chat', 'anthropic-messages', 'gemini'] as const)('answers clients of %s', async (dialect) => {
    const asked =
      dialect === 'gemini' ? { stream: true, contents: [{ role: 'user', parts: [{ text: 'Grüße' }] }] } : body;
    const seen = await harness.ask({ body: asked, dialect, endpoint });
    expect(seen.failure).toBeNull();
    expect(seen.text).toContain('Servus, 世界');
    expect(seen.end).toMatchObject({ finishReason: 'stop', usage: { inputTokens: 4, outputTokens: 2 } });
    const request = bedrock.requests.at(-1)!;
    expect(request.target).toBe(`/model/${encodeURIComponent(model)}/invoke-with-response-stream`);
    expect(JSON.parse(request.body)).toMatchObject({ anthropic_version: 'bedrock-2023-05-31' });
    // A client of the same format gets the event itself, out of its envelope.
    if (dialect === 'anthropic-messages')
      expect(seen.text).toContain(`event: content_block_delta\ndata: ${JSON.stringify(DELTA)}\n\n`);
  });

  it('understands an exception in the middle of a stream', async () => {
    const exception = { ':message-type': 'exception', ':exception-type': 'modelStreamErrorException' };
    stream = [...EVENTS.slice(0, 3), messageOf(exception, { message: 'The model broke.' })];
    const { failure, text } = await harness.ask({ body, dialect: 'anthropic-messages', endpoint });
    expect(text).toContain('Servus, 世界');
    expect(failure).toMatchObject({
      code: 'upstream_error',
      phase: 'stream',
      providerCode: 'modelStreamErrorException',
    });
  });
});
