import { OpenRouter } from '@openrouter/sdk';
import * as errors from '@openrouter/sdk/models/errors';
import { waitUntil } from '@switchyard/testing';
import { say } from './client-failures.js';
import { Tenants, type Tenant } from './money/tenants.js';
import { as, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

const FREE_PER_DAY = 30;
const USD = 1_000_000_000n;
const paid = { model: 'sandbox/echo', messages: say('hi'), max_tokens: 50 };
const free = { model: 'sandbox/echo:free', messages: say('hi') };

describe('budgets and limits of free models on two edges', () => {
  let stack: TestStack;
  let tenants: Tenants;
  beforeAll(async () => {
    stack = await startTestStack({
      edges: 2,
      environment: { FREE_REQUESTS_PER_MINUTE: '0', FREE_REQUESTS_PER_DAY: String(FREE_PER_DAY) },
    });
    tenants = await Tenants.connect(stack.natsUrl);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await tenants?.close();
    await stack?.stop();
  }, START_TIMEOUT_MS);

  const sdk = (apiKey: string, edge = 0) =>
    new OpenRouter({ apiKey, serverURL: `${stack.edgeUrls[edge]}/api/v1`, retryConfig: { strategy: 'none' } });
  const put = (tenant: Tenant, path: string, value: object) =>
    stack.api(path, { method: 'PUT', body: JSON.stringify(value), key: tenant.managementKey });
  const chat = (key: string, request: object = paid, edge = 0) =>
    stack.api('/chat/completions', { method: 'POST', body: JSON.stringify(request), key, edge });
  /** A machine that is busy with other things may shed requests: they are made again, as the answer asks for. */
  const patientChat = async (key: string, request: object, edge: number) => {
    for (;;) {
      const answer = await chat(key, request, edge);
      if (answer.status !== 503) return answer;
      await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after') ?? 1)));
    }
  };
  const chats = (key: string, count: number, request: object = paid) =>
    Promise.all(Array.from({ length: count }, (_, index) => patientChat(key, request, index % 2)));
  const metadataOf = ({ body }: { body: Json }) => body['error']?.['metadata'] as unknown as Record<string, unknown>;
  const spentUsd = async ({ apiKey }: Tenant) =>
    as<number>((await stack.api('/key', { key: apiKey })).body['data']?.['usage']);

  it('gives OpenRouter’s own client workspaces and budgets in the shapes that it checks', async () => {
    const tenant = await tenants.create('sdk', USD);
    const { workspaces } = sdk(tenant.managementKey);
    const { data, totalCount } = (await workspaces.list()).result;
    expect([totalCount, data[0]?.slug]).toEqual([1, 'default']);
    expect((await workspaces.get({ id: 'default' })).data).toEqual(data[0]);
    const set = await workspaces.setBudget({
      workspaceRef: 'default',
      interval: 'monthly',
      upsertWorkspaceBudgetRequest: { limitUsd: 500, includeByokInBudgets: true },
    });
    expect(set).toMatchObject({ data: { limitUsd: 500, resetInterval: 'monthly' }, includeByokInBudgets: true });
    await workspaces.setBudget({
      workspaceRef: data[0]!.id,
      interval: 'lifetime',
      upsertWorkspaceBudgetRequest: { limitUsd: 900.5 },
    });
    const listed = await workspaces.listBudgets({ workspaceRef: 'default' });
    expect(listed.data.map(({ limitUsd, resetInterval }) => [limitUsd, resetInterval])).toEqual([
      [500, 'monthly'],
      [900.5, null],
    ]);
    expect(await workspaces.getBudget({ workspaceRef: 'default', interval: 'monthly' })).toEqual(set);
    const wrong = workspaces.setBudget({
      workspaceRef: 'default',
      interval: 'daily',
      upsertWorkspaceBudgetRequest: { limitUsd: 500 },
    });
    await expect(wrong).rejects.toBeInstanceOf(errors.BadRequestResponseError);
    expect(await workspaces.deleteBudget({ workspaceRef: 'default', interval: 'monthly' })).toEqual({ deleted: true });
    const gone = workspaces.getBudget({ workspaceRef: 'default', interval: 'monthly' });
    await expect(gone).rejects.toBeInstanceOf(errors.NotFoundResponseError);
  }, 30_000);

  it('holds a budget of the workspace over two keys and two edges within a second, and lifts it as fast', async () => {
    const tenant = await tenants.create('workspace', 10n * USD);
    const { secret: second } = await tenants.key(tenant.accountId, { name: 'second' });
    for (const edge of [0, 1])
      for (const key of [tenant.apiKey, second]) expect((await chat(key, paid, edge)).status).toBe(200);
    await put(tenant, '/workspaces/default/budgets/monthly', { limit_usd: 0.00001 });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const edge of [0, 1])
      for (const key of [tenant.apiKey, second]) {
        const refused = await chat(key, paid, edge);
        expect([refused.status, refused.body['error']?.['message']]).toEqual([
          403,
          'Workspace monthly budget of $0.00001 exceeded. Contact your org admin.',
        ]);
        expect(metadataOf(refused)).toMatchObject({
          code: 'budget_exceeded',
          limit_source: 'openrouter_workspace_budget',
          scope: 'workspace',
          limit_usd: 0.00001,
          reset_interval: 'monthly',
        });
        expect(Date.parse(metadataOf(refused)['resets_at'] as string)).toBeGreaterThan(Date.now());
      }
    await stack.api('/workspaces/default/budgets/monthly', { method: 'DELETE', key: tenant.managementKey });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const edge of [0, 1]) expect((await chat(second, paid, edge)).status).toBe(200);
  }, 60_000);

  it('counts in a budget that is set today what was spent before it, and never lends beyond it', async () => {
    const tenant = await tenants.create('account', 10n * USD);
    const before = await chats(tenant.apiKey, 10);
    expect(before.map(({ status }) => status)).toEqual(before.map(() => 200));
    await waitUntil(async () => (await spentUsd(tenant)) > 0, { what: 'the spend' });
    const spent = before.reduce((sum, { body }) => sum + as<number>(body['usage']?.['cost']), 0);
    await waitUntil(async () => Math.abs((await spentUsd(tenant)) - spent) < 1e-9, { what: 'all the spend' });
    const limit = Math.round((spent + 0.002) * 1e9) / 1e9;
    const set = await put(tenant, '/budgets/daily', { limit_usd: limit });
    expect(set.body['data']).toMatchObject({ scope: 'account', limit_usd: limit, reset_interval: 'daily' });
    expect(as<number>(set.body['data']?.['spend_usd'])).toBeCloseTo(spent, 9);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const after = await chats(tenant.apiKey, 60);
    const refused = after.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused)
      expect(metadataOf(answer)).toMatchObject({ limit_source: 'openrouter_account_budget' });
    const total = [...before, ...after]
      .filter(({ status }) => status === 200)
      .reduce((sum, { body }) => sum + as<number>(body['usage']?.['cost']), 0);
    expect(total).toBeLessThanOrEqual(limit);
    const { body } = await stack.api('/key', { key: tenant.apiKey });
    expect(body['data']?.['effective_budget']).toMatchObject({ scope: 'account', limit_usd: limit });
  }, 60_000);

  it('holds a limit that is put on a key against what the key has spent already', async () => {
    const tenant = await tenants.create('key', 10n * USD);
    const { body } = await chat(tenant.apiKey);
    await waitUntil(async () => (await spentUsd(tenant)) > 0, { what: 'the spend' });
    const cost = as<number>(body['usage']?.['cost']);
    const keys = await stack.api('/keys', { key: tenant.managementKey });
    const hash = as<{ hash: string }[]>(keys.body['data'])[0]!.hash;
    const limit = { method: 'PATCH', body: JSON.stringify({ limit: cost }), key: tenant.managementKey };
    await stack.api(`/keys/${hash}`, limit);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const refused = await chat(tenant.apiKey);
    expect([refused.status, metadataOf(refused)['limit_source']]).toEqual([403, 'openrouter_key_limit']);
    expect((await stack.api('/key', { key: tenant.apiKey })).body['data']).toMatchObject({ limit_remaining: 0 });
  }, 30_000);

  it('serves an account without credit its free requests, exactly as many as its day has, under 200 at once', async () => {
    const tenant = await tenants.create('free', 0n);
    const answers = await chats(tenant.apiKey, 200, free);
    const served = answers.filter(({ status }) => status === 200);
    expect(served.length).toBe(FREE_PER_DAY);
    for (const { body } of served) expect(body['usage']?.['cost']).toBe(0);
    const limited = answers.find(({ status }) => status === 429)!;
    expect(answers.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(200 - FREE_PER_DAY);
    expect(limited.body['error']?.['message']).toBe(
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
    );
    expect(metadataOf(limited)).toMatchObject({
      limit_source: 'openrouter_free_tier_daily',
      headers: { 'X-RateLimit-Limit': String(FREE_PER_DAY), 'X-RateLimit-Remaining': '0' },
    });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    // Not without credit what costs something.
    expect((await chat(tenant.apiKey)).status).toBe(402);
    const { data } = await sdk(tenant.apiKey, 1).apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({
      isFreeTier: true,
      freeModelDailyRequests: { limit: FREE_PER_DAY, remaining: 0, used: FREE_PER_DAY },
    });
    const request = sdk(tenant.apiKey).chat.send({ chatRequest: { ...free, stream: false } });
    await expect(request).rejects.toBeInstanceOf(errors.TooManyRequestsResponseError);
    await tenants.deposit(tenant.accountId, 10n * USD, 'unlock');
    const unlocked = await sdk(tenant.apiKey).apiKeys.getCurrentKeyMetadata();
    expect(unlocked.data).toMatchObject({
      isFreeTier: false,
      freeModelDailyRequests: { limit: 1_000, remaining: 1_000 - FREE_PER_DAY },
    });
    await waitUntil(async () => (await chat(tenant.apiKey, free)).status === 200, { what: 'the higher limit' });
  }, 60_000);

  it('lets nobody but the operator see what concerns everybody', async () => {
    const tenant = await tenants.create('tenant', 0n);
    const audit = await stack.api('/audit', { key: tenant.managementKey });
    expect([audit.status, metadataOf(audit)['code']]).toEqual([403, 'permission_denied']);
    expect((await stack.api('/audit')).body['data']).toMatchObject({ violations: [], quarantined: 0 });
  });
});
