import { randomUUID } from 'node:crypto';
import type { BudgetScope } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';

type Data = Record<string, unknown>;

describe('budgets of an account', () => {
  let stack: SmallStack;
  let edge: RunningEdge;

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    const price = { prompt: 0n, completion: 0n, version: 'v1' };
    await stack.put(
      aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }),
      aModel({ id: 'acme/small:free', endpoints: [anEndpoint({ tag: 'acme', price })] }),
    );
    edge = await stack.edge();
    await stack.knows(edge, 2);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const call = async (secret: string, method: string, path: string, body?: object) => {
    const url = `${edge.url}/api/v1${path}`;
    const response = body
      ? await postJson(url, secret, body, { method })
      : await fetch(url, { method, headers: { authorization: `Bearer ${secret}` } });
    return { response, status: response.status, body: response.ok ? ((await response.json()) as Data) : {} };
  };
  const manager = () => stack.customer(1, { kind: 'management' });

  it('of a workspace are set, shown with what is spent, listed and deleted, by id or slug', async () => {
    const { secret, key } = manager();
    const { id } = stack.budgets.workspaceOf(key.accountId);
    stack.quota.spent.set(`${id} monthly`, 120_000_000_000n);
    const set = await call(secret, 'PUT', `/workspaces/default/budgets/monthly`, { limit_usd: 500 });
    expect(set.status).toBe(200);
    expect(set.body).toMatchObject({
      data: {
        workspace_id: id,
        limit_usd: 500,
        reset_interval: 'monthly',
        spend_usd: 120,
        remaining_usd: 380,
        resets_at: expect.stringMatching(/Z$/) as string,
        created_at: expect.any(String) as string,
        updated_at: expect.any(String) as string,
      },
      include_byok_in_budgets: false,
    });
    const lifetime = { limit_usd: '9000.5', include_byok_in_budgets: true };
    await call(secret, 'PUT', `/workspaces/${id}/budgets/lifetime`, lifetime);
    expect((await call(secret, 'GET', `/workspaces/${id}/budgets/lifetime`)).body).toMatchObject({
      data: { reset_interval: null, resets_at: null, limit_usd: 9000.5 },
      include_byok_in_budgets: true,
    });
    expect((await call(secret, 'GET', `/workspaces/${id}/budgets`)).body['data']).toHaveLength(2);
    expect((await call(secret, 'DELETE', `/workspaces/default/budgets/monthly`)).body).toEqual({ deleted: true });
    expect((await call(secret, 'DELETE', `/workspaces/default/budgets/monthly`)).body).toEqual({ deleted: true });
    expect((await call(secret, 'GET', `/workspaces/${id}/budgets/monthly`)).status).toBe(404);
  });

  it('of the account and of users are set at an address of their own', async () => {
    const { secret } = manager();
    await call(secret, 'PUT', '/budgets/daily', { limit_usd: 10 });
    const users = await call(secret, 'PUT', '/budgets/weekly', { limit_usd: 2, creator_user_id: 'anna' });
    expect(users.body).toMatchObject({
      data: { scope: 'member', creator_user_id: 'anna', limit_usd: 2, spend_usd: 0 },
    });
    await call(secret, 'PUT', '/workspaces/default/budgets/daily', { limit_usd: 5 });
    const listed = await call(secret, 'GET', '/budgets');
    expect(listed.body['total_count']).toBe(3);
    expect(new Set((listed.body['data'] as Data[]).map(({ scope }) => scope))).toEqual(
      new Set(['account', 'member', 'workspace']),
    );
    expect((await call(secret, 'GET', '/budgets?creator_user_id=anna')).body['total_count']).toBe(1);
    await call(secret, 'DELETE', '/budgets/weekly?creator_user_id=anna');
    expect((await call(secret, 'GET', '/budgets')).body['total_count']).toBe(2);
  });

  it.each([
    ['an interval that does not exist', '/workspaces/default/budgets/yearly', { limit_usd: 1 }],
    ['nothing', '/workspaces/default/budgets/daily', { limit_usd: 0 }],
    ['less than nothing', '/budgets/daily', { limit_usd: -1 }],
    ['no limit', '/budgets/daily', {}],
    ['ten decimal places', '/budgets/daily', { limit_usd: '0.0000000001' }],
    ['a user without a name', '/budgets/daily', { limit_usd: 1, creator_user_id: '' }],
  ])('of %s are refused', async (_, path, body) => {
    expect((await call(manager().secret, 'PUT', path, body)).status).toBe(400);
  });

  it('are a matter of management keys, and of workspaces that exist', async () => {
    const inference = stack.customer(1).secret;
    for (const [method, path] of [
      ['GET', '/workspaces'],
      ['GET', '/workspaces/default/budgets'],
      ['DELETE', '/workspaces/default/budgets/daily'],
      ['GET', '/budgets'],
    ] as const)
      expect((await call(inference, method, path)).status).toBe(403);
    expect((await call(manager().secret, 'GET', `/workspaces/${randomUUID()}`)).status).toBe(404);
    expect((await call(manager().secret, 'GET', `/workspaces/${'x'.repeat(90)}/budgets`)).status).toBe(404);
  });

  it('name the workspace that they are of', async () => {
    const { secret, key } = manager();
    const { id } = stack.budgets.workspaceOf(key.accountId);
    const { body } = await call(secret, 'GET', '/workspaces');
    expect(body).toMatchObject({ data: [{ id, slug: 'default', name: 'Default' }], total_count: 1 });
    expect((await call(secret, 'GET', '/workspaces/default')).body).toEqual({ data: (body['data'] as Data[])[0] });
  });

  it('are bound to the requests of a key, and name themselves when they refuse', async () => {
    const scope = (kind: BudgetScope['kind'], interval: BudgetScope['interval'], capNanos: bigint): BudgetScope => ({
      scopeId: randomUUID(),
      kind,
      interval,
      capNanos,
    });
    const refused = async (...budgets: BudgetScope[]) => {
      const { secret } = stack.customer(10, { budgets });
      const messages = [{ role: 'user', content: 'hi' }];
      const response = await postJson(`${edge.url}/v1/chat/completions`, secret, { model: 'acme/large', messages });
      return { status: response.status, ...(await errorOfResponse(response)) };
    };
    const workspace = await refused(
      scope('workspace', 'monthly', 500_000n),
      scope('account', 'total', 10_000_000_000n),
    );
    expect(workspace).toMatchObject({
      status: 403,
      message: 'Workspace monthly budget of $0.0005 exceeded. Contact your org admin.',
      metadata: { code: 'budget_exceeded', limit_source: 'openrouter_workspace_budget', limit_usd: 0.0005 },
    });
    await expect(refused(scope('user', 'daily', 1n), scope('workspace', 'daily', 2n))).resolves.toMatchObject({
      message: 'User daily budget of $0.000000001 exceeded. Contact your org admin.',
      metadata: { limit_source: 'openrouter_guardrail_budget', scope: 'member' },
    });
  });

  it('are shown to a key: the one with the least left', async () => {
    const limit: BudgetScope = {
      scopeId: randomUUID(),
      kind: 'workspace',
      interval: 'weekly',
      capNanos: 9_000_000_000n,
    };
    stack.quota.spent.set(`${limit.scopeId} weekly`, 8_000_000_000n);
    const { secret, key } = stack.customer(1, { limitNanos: 2_000_000_000n, limitReset: 'daily', budgets: [limit] });
    expect((await call(secret, 'GET', '/key')).body).toMatchObject({
      data: {
        limit: 2,
        limit_remaining: 2,
        effective_budget: {
          budget_id: limit.scopeId,
          scope: 'workspace',
          limit_usd: 9,
          spend_usd: 8,
          remaining_usd: 1,
          reset_interval: 'weekly',
        },
      },
    });
    stack.quota.spent.set(`${key.id} daily`, 1_500_000_000n);
    expect((await call(secret, 'GET', '/key')).body).toMatchObject({
      data: { effective_budget: { scope: 'key_limit', remaining_usd: 0.5, include_byok: false } },
    });
    expect((await call(stack.customer(1).secret, 'GET', '/key')).body).toMatchObject({
      data: { effective_budget: null },
    });
  });

  it('leave the free requests of the day to be seen', async () => {
    const { secret, key } = stack.customer(0);
    const free = async () => (await call(secret, 'GET', '/key')).body['data'] as Data;
    expect(await free()).toMatchObject({
      is_free_tier: true,
      free_model_daily_requests: { limit: 50, used: 0, remaining: 50 },
    });
    const messages = [{ role: 'user', content: 'hi' }];
    const answer = await postJson(`${edge.url}/v1/chat/completions`, secret, { model: 'acme/small:free', messages });
    expect(answer.status).toBe(200);
    await answer.text();
    expect(await free()).toMatchObject({ free_model_daily_requests: { limit: 50, used: 1, remaining: 49 } });
    stack.quota.bought.set(key.accountId, 1n);
    expect(await free()).toMatchObject({ is_free_tier: false });
  });

  it('and what concerns the whole installation is the operator’s', async () => {
    const audit = await call(manager().secret, 'GET', '/audit');
    expect(audit.status).toBe(403);
    expect((await errorOfResponse(audit.response)).metadata['code']).toBe('permission_denied');
    expect((await call(stack.customer(1, { operator: true }).secret, 'GET', '/audit')).status).toBe(403);
    // Nobody answers for the ledger here: the door is open.
    const operator = stack.customer(1, { kind: 'management', operator: true });
    expect((await call(operator.secret, 'GET', '/audit')).status).toBe(503);
  });
});
