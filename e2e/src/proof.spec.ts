import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitUntil } from '@switchyard/testing';
import { costNanos } from './costs.js';
import { as, ROOT, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

const say = (content: string) => [{ role: 'user' as const, content }];
const today = () => new Date().toISOString().slice(0, 10);
const nanosOf = (usd: Json | undefined): bigint => costNanos(as<number>(usd));

describe('every figure of money says the same', () => {
  let stack: TestStack;
  const costs: bigint[] = [];
  const ids: string[] = [];
  beforeAll(async () => {
    stack = await startTestStack();
    for (const content of ['one', 'two [[fault: tokens=40]]', 'three']) {
      const answer = await stack.client.chat.completions.create({
        model: 'openai/gpt-4o-mini',
        messages: say(content),
      });
      ids.push(answer.id);
      costs.push(costNanos((answer.usage as unknown as { cost: number }).cost));
      const stream = await stack.client.chat.completions.create({
        model: 'sandbox/echo',
        messages: say(content),
        stream: true,
      });
      for await (const chunk of stream) {
        if (!chunk.usage) continue;
        ids.push(chunk.id);
        costs.push(costNanos((chunk.usage as unknown as { cost: number }).cost));
      }
    }
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  const total = () => costs.reduce((sum, cost) => sum + cost, 0n);
  const booked = () =>
    waitUntil(async () => nanosOf((await stack.api('/credits')).body['data']!['total_usage']) === total(), {
      what: 'all of it is booked',
      timeoutMs: 20_000,
    });
  const activity = async (query = `date=${today()}`): Promise<Json[]> =>
    as<Json[]>((await stack.api(`/activity?${query}`)).body['data']);
  const sumOf = (rows: readonly Json[], field: string): bigint =>
    rows.reduce((sum, row) => sum + nanosOf(row[field]), 0n);

  it('the answers, /credits, /key, /generation and /activity agree to the nano-dollar', async () => {
    expect(costs).toHaveLength(6);
    expect(total()).toBeGreaterThan(0n);
    await booked();
    const { body: key } = await stack.api('/key', { key: stack.account.apiKey });
    expect(nanosOf(key['data']!['usage'])).toBe(total());
    expect(nanosOf(key['data']!['usage_daily'])).toBe(total());
    for (const [index, id] of ids.entries()) {
      const { body } = await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey });
      expect(nanosOf(body['data']!['total_cost'])).toBe(costs[index]);
    }
    const rows = await activity();
    expect(sumOf(rows, 'usage')).toBe(total());
    expect(rows.reduce((sum, row) => sum + as<number>(row['requests']), 0)).toBe(6);
    expect(new Set(rows.map((row) => row['model']))).toEqual(new Set(['openai/gpt-4o-mini', 'sandbox/echo']));
    for (const row of rows)
      expect(row).toMatchObject({
        date: today(),
        model_permaslug: expect.any(String),
        endpoint_id: expect.any(String),
        provider_name: expect.any(String),
        byok_usage_inference: 0,
      });
    const { body: audit } = await stack.api('/audit');
    expect(audit['data']).toMatchObject({ violations: [], quarantined: 0, bound_violations: 0 });
    expect(nanosOf(Number(as<string>(audit['data']!['totals']!['revenue'])) as unknown as Json)).toBe(total());
  }, 60_000);

  it('activity is filtered by key and grouped by workspace, completed days alone unless asked', async () => {
    await booked();
    const { body: keys } = await stack.api('/keys');
    const [key] = as<Json[]>(keys['data']);
    expect(sumOf(await activity(`date=${today()}&api_key_hash=${as<string>(key!['hash'])}`), 'usage')).toBe(total());
    const grouped = await activity(`date=${today()}&group_by=workspace`);
    expect(sumOf(grouped, 'usage')).toBe(total());
    expect(new Set(grouped.map((row) => row['workspace_id']))).toEqual(new Set([key!['workspace_id']]));
    expect(await activity('')).toEqual([]);
    const none = await stack.api(`/activity?api_key_hash=${'0'.repeat(64)}`);
    expect([none.status, none.body['error']!['metadata']!['code']]).toEqual([404, 'not_found']);
    expect((await stack.api('/activity?date=yesterday')).status).toBe(400);
    expect((await stack.api('/activity', { key: stack.account.apiKey })).status).toBe(403);
  }, 30_000);

  const pageOf = (result: object) => {
    const start = Date.parse(`${today()}T00:00:00Z`) / 1000;
    const bucket = { object: 'bucket', start_time: start, end_time: start + 86_400, results: [result] };
    return JSON.stringify({ object: 'page', data: [bucket] });
  };
  /** What OpenAI's page of usage would say, of what was really asked for. */
  const exportOf = async (changes: object = {}) => {
    const nothing = { model: 'gpt-4o-mini', num_model_requests: 0, input_tokens: 0, output_tokens: 0 };
    const [model] = as<Json[]>((await reconcile(pageOf(nothing))).body['data']!['models']);
    const ours = model!['ours']!;
    const cached = as<number>(ours['cache_read_tokens']);
    return pageOf({
      model: 'gpt-4o-mini-2024-07-18',
      num_model_requests: ours['requests'],
      input_tokens: as<number>(ours['input_tokens']) + cached,
      input_cached_tokens: cached,
      output_tokens: ours['output_tokens'],
      ...changes,
    });
  };
  const reconcile = (text: string, key = stack.account.managementKey) =>
    stack.api('/reconciliation', { method: 'POST', body: JSON.stringify({ provider: 'openai', export: text }), key });

  it('a provider’s export is compared with the books: matched, drifting, missing', async () => {
    await booked();
    const matched = await reconcile(await exportOf());
    expect([matched.status, matched.body['data']!['format']]).toEqual([200, 'openai-usage-json']);
    expect(as<Json[]>(matched.body['data']!['models'])).toMatchObject([{ model: 'gpt-4o-mini', status: 'matched' }]);
    const drifting = await reconcile(await exportOf({ output_tokens: 1 }));
    expect(as<Json[]>(drifting.body['data']!['models'])).toMatchObject([{ status: 'drifting' }]);
    const other = await reconcile(await exportOf({ model: 'gpt-5' }));
    expect(as<Json[]>(other.body['data']!['days']).map(({ model, status }) => [model, status])).toEqual([
      ['gpt-4o-mini', 'missing_there'],
      ['gpt-5', 'missing_here'],
    ]);
    const broken = await reconcile('dear customer');
    expect([broken.status, broken.body['error']!['metadata']!['code']]).toEqual([400, 'invalid_request']);
    expect((await reconcile(await exportOf(), stack.account.apiKey)).status).toBe(403);
  }, 30_000);

  it('the commands say the same, and with their exit codes', async () => {
    await booked();
    const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-proof-'));
    const run = (program: string, ...args: string[]) =>
      spawnSync(process.execPath, [path.join(ROOT, 'apps/ledger', program), ...args], {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: stack.databaseUrl },
      });
    try {
      const good = path.join(folder, 'good.json');
      writeFileSync(good, await exportOf());
      expect(run('reconcile.mjs', '--provider', 'openai', good)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('every model matches'),
      });
      const bad = path.join(folder, 'bad.json');
      writeFileSync(bad, await exportOf({ output_tokens: 1 }));
      expect(run('reconcile.mjs', '--provider', 'openai', bad)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining('drifting'),
      });
      expect(run('reconcile.mjs', '--provider', 'openai', path.join(folder, 'absent')).status).toBe(2);
      expect(run('audit.mjs')).toMatchObject({ status: 0, stdout: expect.stringContaining('every invariant holds') });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it('the quarantine is the operator’s to see', async () => {
    const seen = await stack.api('/quarantine');
    expect([seen.status, seen.body['data']]).toEqual([200, []]);
    expect((await stack.api('/quarantine?state=lost')).status).toBe(400);
    expect((await stack.api(`/quarantine/${'0'.repeat(64)}/retry`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await stack.api('/quarantine', { key: stack.account.apiKey })).status).toBe(403);
  }, 30_000);
});
