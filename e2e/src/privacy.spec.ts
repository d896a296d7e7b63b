import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { waitUntil } from '@switchyard/testing';
import { filesWith, tablesWith } from './leaks.js';
import OpenAI from 'openai';
import { as, START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const run = randomBytes(8).toString('hex');
/** Texts of users: letters and digits only, so that they are also valid base64, and one beginning to search for. */
const CANARY = `canary${run}`;
const at = (place: string) => `${CANARY}${place}`;
/** Keys of providers, in a shape that no pattern knows. */
const PROVIDER_KEY = `providerkey${run}`;
/** What may be stored, to prove that the searches find what is there. */
const MARKER = `marker${run}`;

/** How an upstream can fail, most of them with the words of the request in what it says. */
const FAULTS = [
  '',
  ...[400, 401, 402, 403, 404, 413, 422, 429, 500, 503, 529].map((status) => `status=${status} echo_text echo_key`),
  'error_event after=2 echo_text tokens=9',
  'garbage after=2 echo_text tokens=9',
  'cut after=2 tokens=9',
  'end after=2 tokens=9',
  'reset',
  'reset after=2 tokens=9',
  'stall after=2 tokens=9',
  'html',
  'redirect',
  'deep_json',
  'bad_utf8',
  'blank',
  'usage=none',
  'usage=negative',
];
const MODELS = ['sandbox/vision', 'sandbox/claude-style', 'sandbox/gemini-style'];

const request = (model: string, fault: string, stream: boolean) => ({
  model,
  stream,
  user: at('User'),
  stop: [at('Stop')],
  metadata: { note: at('Metadata') },
  tools: [
    {
      type: 'function',
      function: {
        name: at('ToolName'),
        description: at('ToolDescription'),
        parameters: { type: 'object', properties: { [at('Parameter')]: { type: 'string' } } },
      },
    },
  ],
  messages: [
    { role: 'system', content: at('System') },
    { role: 'user', content: [{ type: 'text', text: at('Question') }, image] },
    {
      role: 'assistant',
      content: at('Thought'),
      reasoning: at('Reasoning'),
      tool_calls: [
        {
          id: at('CallId'),
          type: 'function',
          function: { name: at('ToolName'), arguments: `{"a":"${at('Arguments')}"}` },
        },
      ],
    },
    { role: 'tool', tool_call_id: at('CallId'), content: at('ToolResult') },
    { role: 'assistant', content: at('Answer') },
    { role: 'user', content: `${at('Prompt')} [[fault: ${fault}]]` },
  ],
});
const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${at('Image0000').padEnd(64, '0')}` } };
const file = {
  type: 'file',
  file: { filename: at('FileName'), file_data: `data:application/pdf;base64,${at('File0000')}` },
};

/** What the gateway itself refuses. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['broken JSON', `{"model":"sandbox/echo","messages":[{"role":"user","content":"${at('Broken')}`],
  ['a wrong type', JSON.stringify({ ...request('sandbox/vision', '', false), temperature: at('Temperature') })],
  ['a wrong role', JSON.stringify({ model: 'sandbox/echo', messages: [{ role: at('Role'), content: at('Prompt') }] })],
  ['an unknown model', JSON.stringify(request('sandbox/none', '', false))],
  ['no endpoint', JSON.stringify({ ...request('sandbox/vision', '', false), provider: { only: ['nobody'] } })],
  ['a file', JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: [file] }] })],
  ['too much', JSON.stringify({ ...request('sandbox/vision', '', false), max_tokens: 10_000_000 })],
];

describe('privacy', () => {
  let stack: TestStack;
  const answers: { status: number; text: string }[] = [];

  beforeAll(async () => {
    stack = await startTestStack({
      vault: true,
      environment: {
        SANDBOX_API_KEY: PROVIDER_KEY,
        OPENAI_API_KEY: PROVIDER_KEY,
        ANTHROPIC_API_KEY: PROVIDER_KEY,
        GOOGLE_API_KEY: PROVIDER_KEY,
        LOG_LEVEL: 'debug',
        UPSTREAM_IDLE_MS: '500',
      },
    });
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const post = async (body: string) => {
    const response = await fetch(`${stack.baseUrl}/chat/completions`, {
      method: 'POST',
      body,
      headers: {
        authorization: `Bearer ${stack.account.apiKey}`,
        'content-type': 'application/json',
        'x-title': MARKER,
        // What is kept because somebody wants it is no exception.
        'x-openrouter-cache': 'true',
      },
    });
    const answer = { status: response.status, text: await response.text() };
    answers.push(answer);
    return answer;
  };
  const folder = () => path.dirname(path.dirname(stack.processes[0]!.logFile));
  const metrics = async () => {
    const pages = stack.services().map(async ({ url }) => (url ? (await fetch(`${url}/metrics`)).text() : ''));
    return (await Promise.all(pages)).join('\n');
  };

  /** A response is stored and continued, and answers are cached: the vault has something of everything that it can have. */
  const keepAnswers = async () => {
    const settings = JSON.stringify({ name: 'keeps', store_responses: true });
    const { body } = await stack.api('/keys', { method: 'POST', body: settings });
    const { responses } = new OpenAI({ apiKey: as<string>(body['key']), baseURL: stack.baseUrl, maxRetries: 0 });
    const asked = { model: 'sandbox/echo', input: at('Stored'), instructions: at('Instructions') };
    const { id } = await responses.create(asked);
    await responses.create({ ...asked, previous_response_id: id });
    const room = async () => (await stack.api('/storage')).body['data'] ?? {};
    await waitUntil(
      async () =>
        as<number>((await room())['stored_responses']?.['entries']) === 2 &&
        as<number>((await room())['cached_answers']?.['entries']) > 0,
      { what: 'something of each kind is kept', timeoutMs: 30_000 },
    );
  };

  it('has answered, failed and refused in every way that there is', async () => {
    const all = FAULTS.flatMap((fault) =>
      MODELS.flatMap((model) => [true, false].map((stream) => JSON.stringify(request(model, fault, stream)))),
    );
    const waiting = [...all, ...REFUSED.map(([, body]) => body)];
    const work = async () => {
      for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) await post(body);
    };
    await Promise.all(Array.from({ length: 12 }, work));
    const leaving = stack.client.chat.completions.stream({
      model: 'sandbox/echo',
      messages: [{ role: 'user', content: `${at('Leaving')} [[fault: tokens=5000 tps=50]]` }],
    });
    leaving.once('content', () => leaving.abort());
    await leaving.done().catch(() => undefined);

    await keepAnswers();

    expect(answers).toHaveLength(FAULTS.length * MODELS.length * 2 + REFUSED.length);
    const statuses = new Set(answers.map(({ status }) => status));
    for (const status of [200, 400, 404, 413, 429, 502, 529]) expect(statuses).toContain(status);
    expect(statuses).not.toContain(402);
    // The caller may read what the provider said of the caller's own words, so the words did come back to the gateway.
    expect(answers.filter(({ text }) => text.includes('You wrote:') && text.includes(CANARY)).length).toBeGreaterThan(
      10,
    );
    // Records come in the order of their generations: with this one, those of all that went before are there.
    const { id } = JSON.parse((await post(JSON.stringify(request('sandbox/vision', '', false)))).text) as {
      id: string;
    };
    const stored = async () => (await tablesWith(stack.databaseUrl, id)).includes('ledger.generation');
    await waitUntil(stored, { what: 'the last record', timeoutMs: 20_000 });
  }, 120_000);

  it('never shows the key of a provider to a caller', () => {
    expect(answers.filter(({ text }) => text.includes(PROVIDER_KEY))).toEqual([]);
  });

  it('keeps texts and keys out of the records of generations', async () => {
    const ids = new Set(answers.flatMap(({ text }) => text.match(/gen-\d{10}-[A-Za-z0-9]{20}/g) ?? []));
    expect(ids.size).toBeGreaterThan(20);
    for (const id of ids) {
      const { body } = await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey });
      expect(JSON.stringify(body)).not.toContain(CANARY);
      expect(JSON.stringify(body)).not.toContain(PROVIDER_KEY);
    }
  }, 60_000);

  it('keeps them out of every row of every table', async () => {
    expect(await tablesWith(stack.databaseUrl, MARKER)).toEqual(['ledger.generation']);
    expect(await tablesWith(stack.databaseUrl, CANARY)).toEqual([]);
    expect(await tablesWith(stack.databaseUrl, PROVIDER_KEY)).toEqual([]);
  }, 60_000);

  it('keeps them out of every file: of the streams, of the database, of the logs', async () => {
    const kept = filesWith(folder(), MARKER);
    expect(kept.some((file) => file.includes('/nats/'))).toBe(true);
    expect(filesWith(path.join(folder(), 'logs'), '"level"').length).toBeGreaterThanOrEqual(5);
    expect(filesWith(folder(), CANARY)).toEqual([]);
    expect(filesWith(folder(), PROVIDER_KEY)).toEqual([]);
  }, 60_000);

  it('keeps them out of the metrics', async () => {
    const page = await metrics();
    expect(page).toContain('switchyard_gateway_overhead_seconds');
    expect(page).not.toContain(CANARY);
    expect(page).not.toContain(PROVIDER_KEY);
  });
});
