import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { OpenRouter } from '@openrouter/sdk';
import type { ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import { Tenants } from './money/tenants.js';
import { as, ROOT, START_TIMEOUT_MS, startTestStack } from './test-stack.js';
import type { Json, TestStack } from './test-stack.js';

const ASKED = { 'x-openrouter-metadata': 'enabled' };
/** The first one always fails here, the second answers. */
const MODELS = ['openai/gpt-4o-mini', 'sandbox/echo'];
const A_DOLLAR = 1_000_000_000n;
const PROMPT = 'a rather unusual prompt';
const DIALECTS = {
  'chat/completions': { messages: [{ role: 'user', content: PROMPT }] },
  responses: { input: PROMPT },
  messages: { max_tokens: 50, messages: [{ role: 'user', content: PROMPT }] },
} as const;

interface Told {
  readonly strategy: string;
  readonly attempt: number;
  readonly endpoints: { readonly total: number };
  readonly attempts: readonly { readonly provider: string; readonly model: string; readonly status: number }[];
}
interface Signed {
  readonly receipt: { readonly charged_nanos: string; readonly [field: string]: unknown };
  readonly signature: { readonly kid: string; readonly value: string };
}

const TWO = { models: MODELS, provider: { only: ['openai', 'sandbox'] } };

/** Every attempt on the first model failed, as often as it was tried, and the second model answered. */
function expectFallback({ strategy, attempt, attempts }: Told): void {
  expect([strategy, attempt]).toEqual(['fallback', attempts.length]);
  expect(attempts.length).toBeGreaterThan(1);
  for (const failed of attempts.slice(0, -1)) expect(failed).toMatchObject({ provider: 'OpenAI', status: 500 });
  expect(attempts.at(-1)).toMatchObject({ model: 'sandbox/echo', status: 200 });
}

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object'
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, inner]) => [name, sorted(inner)]),
      )
    : value;

describe('explained requests', () => {
  let stack: TestStack;
  let folder: string;
  let tenants: Tenants;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'switchyard-receipts-'));
    stack = await startTestStack({ providersOf: (url) => ({ OPENAI_BASE_URL: `${url}/v1` }) });
    tenants = await Tenants.connect(stack.natsUrl);
    await stack.upstream.fault({ model: 'gpt-4o-mini', fault: 'status=500' });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await tenants?.close();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, START_TIMEOUT_MS);

  const post = (pathName: string, body: object, headers: Record<string, string> = {}, key = stack.account.apiKey) =>
    fetch(`${stack.edgeUrls[0]}/api/v1/${pathName}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const chat = (fields: object, headers: Record<string, string> = {}, key?: string) =>
    post('chat/completions', { ...DIALECTS['chat/completions'], ...fields }, headers, key);
  const eventsOf = (text: string): Json[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice('data: '.length)) as Json);
  const toldBy = (event: Json | undefined): Told =>
    as<Told>(event?.['openrouter_metadata'] ?? event?.['response']?.['openrouter_metadata']);

  it('tell every attempt in the whole answer, in the last event of a stream, and only when asked', async () => {
    const whole = (await (await chat(TWO, ASKED)).json()) as Json;
    expectFallback(toldBy(whole));
    const events = eventsOf(await (await chat({ ...TWO, stream: true }, ASKED)).text());
    expectFallback(toldBy(events.at(-1)));
    expect(events.slice(0, -1).some((event) => event['openrouter_metadata'] !== undefined)).toBe(false);
    for (const stream of [true, false])
      expect(await (await chat({ models: ['sandbox/echo'], stream })).text()).not.toContain('openrouter_metadata');
  });

  it.each(Object.entries(DIALECTS))('tell it to clients of /%s in their own format', async (pathName, body) => {
    const fields = { ...body, model: 'sandbox/echo', top_k: 3 };
    const whole = (await (await post(pathName, fields, ASKED)).json()) as Json;
    expect(toldBy(whole)).toMatchObject({ strategy: 'direct', attempt: 1, attempts: [{ status: 200 }] });
    const events = eventsOf(await (await post(pathName, { ...fields, stream: true }, ASKED)).text());
    expect(toldBy(events.at(-1))).toMatchObject({ strategy: 'direct', attempt: 1 });
    const refused = await post(pathName, { ...fields, provider: { only: ['nobody'] } }, ASKED);
    const error = (await refused.json()) as Json;
    expect(refused.status).toBe(404);
    expect(error['error']!['metadata']).toMatchObject({
      availability: { excluded_by: [{ reason: 'allowed_providers', count: expect.any(Number) }] },
    });
    expect(toldBy(error)).toMatchObject({
      attempt: 0,
      attempts: [],
      endpoints: { available: [], excluded_by: [{ reason: 'allowed_providers' }] },
    });
  });

  it('tell it beside errors, also beside one in the middle of a stream', async () => {
    const failed = await chat({ model: MODELS[0], provider: { only: ['openai'] } }, ASKED);
    const body = (await failed.json()) as Json;
    expect(failed.status).toBe(502);
    expect(toldBy(body).attempts.every(({ status }) => status === 500)).toBe(true);
    const messages = [{ role: 'user', content: `${PROMPT} [[fault: cut after=3]]` }];
    const cut = await chat({ model: 'sandbox/echo', stream: true, messages }, ASKED);
    const last = eventsOf(await cut.text()).at(-1);
    expect(last!['error']).toBeDefined();
    expect(toldBy(last)).toMatchObject({ attempts: [{ error_code: 'upstream_disconnected' }] });
  });

  it('are read by the client of OpenRouter', async () => {
    const { apiKey } = stack.account;
    const client = new OpenRouter({ apiKey, serverURL: stack.baseUrl, retryConfig: { strategy: 'none' } });
    const messages = [{ role: 'user' as const, content: PROMPT }];
    const send = (stream: boolean) =>
      client.chat.send({ xOpenRouterMetadata: 'enabled', chatRequest: { model: 'sandbox/echo', messages, stream } });
    const whole = (await send(false)) as ChatResult;
    expect(whole.openrouterMetadata).toMatchObject({ attempt: 1, strategy: 'direct' });
    const chunks = await Array.fromAsync((await send(true)) as AsyncIterable<ChatStreamChunk>);
    expect(chunks.at(-1)?.openrouterMetadata).toMatchObject({ attempt: 1, attempts: [{ status: 200 }] });
  });

  it('become what the dry run said, and the dry run makes none', async () => {
    const fields = { ...DIALECTS['chat/completions'], model: 'sandbox/echo', max_tokens: 40 };
    const asker = await tenants.create('asker', A_DOLLAR);
    const explained = await post('route/explain', fields, {}, asker.apiKey);
    const text = await explained.text();
    const { data } = JSON.parse(text) as { data: Json };
    expect(text).not.toContain('unusual');
    expect(data).toMatchObject({
      error: null,
      refused_by: [],
      limits: [{ limit_source: 'openrouter_credits', remaining_usd: 1, reserved_usd: 0 }],
    });
    expect((await stack.api('/credits', { key: asker.managementKey })).body).toMatchObject({
      data: { total_credits: 1, total_usage: 0 },
    });
    const answer = await chat(fields);
    await answer.text();
    const record = await stack.api(`/generation?id=${answer.headers.get('x-generation-id')}`);
    const made = record.body['data']!;
    expect(as<Json[]>(made['attempts'])[0]!['endpoint_id']).toBe(as<Json[]>(data['candidates'])[0]!['endpoint_id']);
    expect(made['bound']).toBe(data['hold']!['bound']);

    const nowhere = { ...fields, provider: { max_price: { prompt: 0 } } };
    const dry = ((await (await post('route/explain', nowhere)).json()) as Json)['data']!;
    const refused = (await (await chat(nowhere)).json()) as Json;
    expect(dry['error']).toEqual(refused['error']);
    expect(as<Json[]>(dry['excluded'])[0]!['filter']).toBe('max_price');

    const created = await stack.api('/keys', { method: 'POST', body: JSON.stringify({ name: 'tiny', limit: 1e-9 }) });
    const tiny = as<string>(created.body['key']);
    const limited = ((await (await post('route/explain', fields, {}, tiny)).json()) as Json)['data']!;
    const turnedAway = (await (await chat(fields, {}, tiny)).json()) as Json;
    expect(limited['refused_by']).toEqual([turnedAway['error']!['metadata']!['limit_source']]);
  });

  it('have receipts that the command and plain cryptography confirm, and nobody else can ask for', async () => {
    const answer = await chat({ model: 'sandbox/echo' });
    await answer.text();
    const id = answer.headers.get('x-generation-id')!;
    const pathName = `/generation/receipt?id=${id}`;
    const receipt = await stack.api(pathName, { key: stack.account.apiKey });
    const keys = await stack.api('/receipts/keys', { key: null });
    expect([receipt.status, keys.status]).toEqual([200, 200]);
    const signed = as<Signed>(receipt.body);
    const known = await stack.api(`/generation?id=${id}`);
    expect(signed.receipt).toMatchObject({ generation_id: id, status: 200, model: 'sandbox/echo' });
    expect(BigInt(signed.receipt.charged_nanos)).toBe(
      BigInt(Math.round(as<number>(known.body['data']!['total_cost']) * 1e9)),
    );
    expect(JSON.stringify(signed)).not.toContain('unusual');

    const [jwk] = as<{ kid: string; kty: string; crv: string; x: string }[]>(keys.body['keys']);
    const key = createPublicKey({ key: jwk!, format: 'jwk' });
    const bytes = Buffer.from(JSON.stringify(sorted(signed.receipt)));
    expect(verify(null, bytes, key, Buffer.from(signed.signature.value, 'base64url'))).toBe(true);

    const run = async (name: string, document: unknown, keySource: string) => {
      writeFileSync(path.join(folder, name), JSON.stringify(document));
      const command = path.join(ROOT, 'packages/receipts/verify.mjs');
      const child = promisify(execFile)(process.execPath, [command, name, '--keys', keySource], {
        cwd: folder,
        env: { PATH: process.env['PATH'] },
      });
      return child.then(
        () => 0,
        ({ code }: { code: number }) => code,
      );
    };
    writeFileSync(path.join(folder, 'keys.json'), JSON.stringify(keys.body));
    expect(await run('receipt.json', signed, `${stack.edgeUrls[0]}/api/v1/receipts/keys`)).toBe(0);
    const cheaper = { ...signed, receipt: { ...signed.receipt, charged_nanos: '1' } };
    expect(await run('cheaper.json', cheaper, 'keys.json')).toBe(1);
    expect(await run('other.json', signed, 'nothing.json')).toBe(2);

    expect((await stack.api(pathName, { key: null })).status).toBe(401);
    const foreign = await tenants.create('nosy', 0n);
    for (const nosy of [foreign.apiKey, foreign.managementKey])
      expect(await stack.api(pathName, { key: nosy })).toMatchObject({
        status: 404,
        body: { error: { message: 'Generation not found.' } },
      });
  });
});
