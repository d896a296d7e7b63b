import { createHash } from 'node:crypto';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { fail, speak } from '../testing/small-worker.js';

/** Keys that OpenRouter's SDK 1.3.19 asks for in `GET /generation` (spec Annex C). */
const GENERATION_KEYS =
  'api_type app_id cache_discount cancelled created_at data_region external_user finish_reason generation_time http_referer id is_byok latency model moderation_latency native_finish_reason native_tokens_cached native_tokens_completion native_tokens_completion_images native_tokens_prompt native_tokens_reasoning num_fetches num_input_audio_prompt num_media_completion num_media_prompt num_search_results origin preset_id provider_name provider_responses router service_tier streamed tokens_completion tokens_prompt total_cost upstream_id upstream_inference_cost usage user_agent web_search_engine workspace_id'.split(
    ' ',
  );
const KEY_KEYS =
  'byok_usage byok_usage_daily byok_usage_monthly byok_usage_weekly created_at creator_user_id disabled external_user hash include_byok_in_limit label limit limit_remaining limit_reset name updated_at usage usage_daily usage_monthly usage_weekly workspace_id'.split(
    ' ',
  );
const CURRENT_KEY_KEYS =
  'allowed_data_regions byok_usage byok_usage_daily byok_usage_monthly byok_usage_weekly creator_user_id free_model_daily_requests include_byok_in_limit is_free_tier is_management_key is_provisioning_key label limit limit_remaining limit_reset organization_id rate_limit usage usage_daily usage_monthly usage_weekly workspace_id'.split(
    ' ',
  );

type Data = Record<string, unknown>;

describe('the account', () => {
  let stack: SmallStack;
  let edges: RunningEdge[];

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    const cheap = anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 });
    await stack.put(aModel({ id: 'acme/large', endpoints: [cheap, anEndpoint({ tag: 'backup' })] }));
    edges = [await stack.edge({ EDGE_ID: 'one' }), await stack.edge({ EDGE_ID: 'two' })];
    for (const edge of edges) await stack.knows(edge, 1);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const get = async (secret: string, path: string, edge = edges[0]!) => {
    const response = await fetch(`${edge.url}/api/v1${path}`, { headers: { authorization: `Bearer ${secret}` } });
    return { response, data: response.ok ? ((await response.json()) as { data: Data }).data : {} };
  };
  const ask = async (secret: string, fields: object = {}) => {
    const body = {
      model: 'acme/large',
      messages: [{ role: 'user', content: 'hi' }],
      provider: { order: ['acme'] },
      ...fields,
    };
    const headers = { 'http-referer': 'https://app.test', 'x-title': 'App', 'user-agent': 'spec' };
    const response = await postJson(`${edges[0]!.url}/v1/chat/completions`, secret, body, { headers });
    await response.text();
    return response.headers.get('x-generation-id')!;
  };

  it('keeps of the end user the digest that providers get, never the name', async () => {
    const { secret } = stack.customer(1);
    const user = 'somebody@example.test';
    const { data } = await get(secret, `/generation?id=${await ask(secret, { user })}`);
    expect(data['external_user']).toBe(createHash('sha256').update(user).digest('hex').slice(0, 32));
  });

  it('explains a generation at once, with every key that official clients ask for', async () => {
    const { secret } = stack.customer(1);
    const id = await ask(secret);
    const { data } = await get(secret, `/generation?id=${id}`);
    expect(GENERATION_KEYS).toHaveLength(42);
    for (const key of GENERATION_KEYS) expect(Object.keys(data)).toContain(key);
    expect(data).toMatchObject({
      id,
      model: 'acme/large',
      provider_name: 'Acme',
      streamed: false,
      cancelled: false,
      finish_reason: 'stop',
      tokens_prompt: 10,
      tokens_completion: 2,
      total_cost: 0.000012,
      usage: 0.000012,
      charged: '0.000012',
      cost_per_bucket: { inputTokens: '0.00001', outputTokens: '0.000002' },
      price_version: 'v1',
      http_referer: 'https://app.test',
      user_agent: 'spec',
      upstream_id: 'up-1',
      usage_outcome: 'final',
    });
    expect(data['attempts']).toMatchObject([
      { number: 1, outcome: 'success', reason: 'order', endpoint_id: 'acme:acme/large' },
    ]);
    expect(data['candidates']).toEqual(
      expect.arrayContaining([expect.objectContaining({ endpoint_id: 'acme:acme/large', kept: true })]),
    );
  });

  it('explains it on another edge as soon as the ledger has heard of it', async () => {
    const { secret } = stack.customer(1);
    const id = await ask(secret);
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage' });
    const { response, data } = await get(secret, `/generation?id=${id}`, edges[1]);
    expect(response.status).toBe(200);
    expect(data['total_cost']).toBe(0.000012);
  });

  it('shows a generation to its own account only', async () => {
    const id = await ask(stack.customer(1).secret);
    const { response } = await get(stack.customer(1).secret, `/generation?id=${id}`);
    expect(response.status).toBe(404);
    expect((await get(stack.customer(1).secret, '/generation?id=gen-%3E')).response.status).toBe(404);
    expect((await get(stack.customer(1).secret, '/generation')).response.status).toBe(400);
  });

  it('names the attempts that failed', async () => {
    const worker = stack.workers.get('acme')!;
    const { secret } = stack.customer(1);
    worker.script = (scene) =>
      scene.call.attempt === 1 ? fail(scene, 'upstream_error', { upstreamStatus: 500 }) : speak(scene, ['ok']);
    const id = await ask(secret, { provider: { order: ['acme'], only: ['acme'] } });
    worker.script = (scene) => speak(scene, ['Hel', 'lo']);
    const { data } = await get(secret, `/generation?id=${id}`);
    expect(data['attempts']).toMatchObject([
      { number: 1, outcome: 'failed', status: 500, error_code: 'upstream_error' },
      { number: 2, outcome: 'success', reason: 'retry' },
    ]);
  });

  it('tells a key what it has spent', async () => {
    const { secret, key } = stack.customer(1, { limitNanos: 500_000_000n, limitReset: 'monthly' });
    const id = await ask(secret);
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage' });
    const { data } = await get(secret, '/key');
    for (const name of CURRENT_KEY_KEYS) expect(Object.keys(data)).toContain(name);
    expect(data).toMatchObject({
      label: key.label,
      limit: 0.5,
      limit_remaining: 0.499988,
      limit_reset: 'monthly',
      usage: 0.000012,
    });
    expect((await get(secret, '/auth/key')).data).toEqual(data);
  });

  it('tells a management key what the account has', async () => {
    const { secret, key } = stack.customer(2.5, { kind: 'management' });
    expect((await get(secret, '/credits')).data).toEqual({ total_credits: 2.5, total_usage: 0 });
    const body = { amount: '1.000000001', external_id: 'invoice-1' };
    const deposit = await postJson(`${edges[0]!.url}/api/v1/deposits`, secret, body);
    expect(deposit.status).toBe(201);
    expect(((await deposit.json()) as { data: Data }).data).toMatchObject({
      amount: '1.000000001',
      available: '3.500000001',
    });
    expect(stack.ledger.accounts.get(key.accountId)?.deposited).toBe(3_500_000_001n);
  });

  it.each([
    ['a negative amount', { amount: -1, external_id: 'x' }],
    ['nothing', { amount: 0, external_id: 'x' }],
    ['ten decimal places', { amount: '0.0000000001', external_id: 'x' }],
    ['an exponent', { amount: '1e3', external_id: 'x' }],
    ['too much', { amount: '99999999999', external_id: 'x' }],
    ['no id', { amount: 1 }],
    ['text', 'x'],
  ])('refuses a deposit of %s', async (_, body) => {
    const { secret } = stack.customer(1, { kind: 'management' });
    const response = await postJson(`${edges[0]!.url}/api/v1/deposits`, secret, JSON.stringify(body));
    expect(response.status).toBe(400);
    await response.text();
  });

  it('makes, lists, changes and revokes keys', async () => {
    const { secret } = stack.customer(1, { kind: 'management' });
    const keys = `${edges[0]!.url}/api/v1/keys`;
    const created = await postJson(keys, secret, { name: 'App', limit: 0.0000001, limit_reset: 'daily' });
    expect(created.status).toBe(201);
    const { data, key: newSecret } = (await created.json()) as { data: Data; key: string };
    for (const name of KEY_KEYS) expect(Object.keys(data)).toContain(name);
    expect(data).toMatchObject({ name: 'App', limit: 1e-7, limit_reset: 'daily', disabled: false });
    expect(newSecret).toMatch(/^sk-sy-v1-/);
    const path = `/keys/${String(data['hash'])}`;
    expect((await get(secret, path)).data).toMatchObject({ hash: data['hash'] });
    expect((await get(secret, '/keys')).data).toMatchObject([{ hash: data['hash'] }]);
    const init = { method: 'PATCH' };
    const patched = await postJson(`${edges[0]!.url}/api/v1${path}`, secret, { disabled: true, limit: null }, init);
    expect(((await patched.json()) as { data: Data }).data).toMatchObject({ disabled: true, limit: null });
    const headers = { authorization: `Bearer ${secret}` };
    const revoked = await fetch(`${edges[0]!.url}/api/v1${path}`, { method: 'DELETE', headers });
    expect(await revoked.json()).toEqual({ deleted: true });
    expect((await get(secret, path)).response.status).toBe(404);
  });

  it('hides the keys of other accounts', async () => {
    const { secret } = stack.customer(1, { kind: 'management' });
    const other = stack.customer(1);
    const { response } = await get(secret, `/keys/${other.key.digest}`);
    expect(response.status).toBe(404);
    expect((await errorOfResponse(response)).metadata['code']).toBe('not_found');
    expect((await get(secret, '/keys/../credits')).response.status).toBe(200);
    expect((await get(secret, '/keys/%2e%2e%2fcredits')).response.status).toBe(404);
  });
});
