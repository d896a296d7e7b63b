import { randomUUID } from 'node:crypto';
import type { ApiKey, BudgetScope } from '@switchyard/contracts';
import { CreditRefused, refusalError } from './refusal.js';
import type { Refusal } from './refusal.js';
import { refusedRequest } from './refused-request.js';

const workspace: BudgetScope = {
  scopeId: randomUUID(),
  kind: 'workspace',
  interval: 'monthly',
  capNanos: 500_000_000_000n,
};
const key: ApiKey = {
  id: randomUUID(),
  digest: 'a'.repeat(64),
  kind: 'inference',
  accountId: randomUUID(),
  workspaceId: randomUUID(),
  creatorUserId: null,
  name: 'key',
  label: 'sk-…',
  disabled: false,
  limitNanos: 5_000_000_000n,
  limitReset: 'weekly',
  includeByokInLimit: false,
  expiresAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: null,
  lastUsedAt: null,
  externalUser: null,
  version: 1,
  budgets: [workspace],
  operator: false,
};
const request = {
  key,
  boundNanos: 2_000_000_000n,
  requestedTokens: 900,
  affordableTokens: 120,
  promptTokens: 700,
  affordablePromptTokens: 700,
};
const refusal = (fields: Partial<Refusal>): Refusal => ({
  outcome: 'refused',
  reason: 'budget_exhausted',
  availableNanos: 1_000_000_000n,
  scopeId: null,
  resetsAt: '2026-12-01T00:00:00.000Z',
  scopeKind: null,
  interval: null,
  capNanos: null,
  spentNanos: null,
  ...fields,
});
const errorOf = (fields: Partial<Refusal>, about = request) =>
  refusalError(new CreditRefused(refusal(fields), 1_000_000_000n), about);

describe('the words of a refusal', () => {
  it('name the limit of the key', () => {
    const error = errorOf({
      scopeId: key.id,
      scopeKind: 'key',
      interval: 'weekly',
      capNanos: key.limitNanos,
      spentNanos: 4_000_000_000n,
    });
    expect(error).toMatchObject({
      code: 'key_limit_exceeded',
      message: 'Key limit exceeded (weekly limit). Raise the limit of the key or wait until it resets.',
      metadata: {
        limit_source: 'openrouter_key_limit',
        scope: 'api_key',
        limit_usd: 5,
        spend_usd: 4,
        required_usd: 2,
        remaining_usd: 1,
        reset_interval: 'weekly',
        resets_at: '2026-12-01T00:00:00.000Z',
      },
    });
    expect(error.definition.status).toBe(403);
  });

  it('name the budget of the workspace as OpenRouter does', () => {
    const spent = { capNanos: 500_000_000_000n, spentNanos: 499_000_000_000n };
    expect(
      errorOf({ scopeId: workspace.scopeId, scopeKind: 'workspace', interval: 'monthly', ...spent }),
    ).toMatchObject({
      code: 'budget_exceeded',
      message: 'Workspace monthly budget of $500.00 exceeded. Contact your org admin.',
      metadata: { limit_source: 'openrouter_workspace_budget', scope: 'workspace', limit_usd: 500, spend_usd: 499 },
    });
  });

  it('say when waiting helps: the budget is not spent but set aside for requests that run', () => {
    const scope = { scopeId: workspace.scopeId, scopeKind: 'workspace', interval: 'monthly' } as const;
    const reserved = errorOf({ ...scope, capNanos: 500_000_000_000n, spentNanos: 498_000_000_000n });
    expect(reserved).toMatchObject({ retryAfterMs: 2_000, metadata: { reason: 'reserved_for_running_requests' } });
    const spent = errorOf({ ...scope, capNanos: 500_000_000_000n, spentNanos: 498_000_000_001n });
    expect(spent.retryAfterMs).toBeUndefined();
    expect(spent.metadata).not.toHaveProperty('reason');
  });

  it('know a budget of the key when the ledger names only its scope', () => {
    expect(errorOf({ scopeId: workspace.scopeId })).toMatchObject({
      message: 'Workspace monthly budget of $500.00 exceeded. Contact your org admin.',
      metadata: { limit_usd: 500 },
    });
    expect(errorOf({})).toMatchObject({ code: 'key_limit_exceeded', metadata: { limit_usd: 5 } });
  });

  it.each([
    ['user', 'daily', 'User daily budget of $0.0001 exceeded. Contact your org admin.', 'openrouter_guardrail_budget'],
    [
      'account',
      'total',
      'Account lifetime budget of $0.0001 exceeded. Contact your org admin.',
      'openrouter_account_budget',
    ],
  ] as const)('name the budget of the %s', (scopeKind, interval, message, limitSource) => {
    const error = errorOf({ scopeKind, interval, capNanos: 100_000n, spentNanos: 0n, resetsAt: null });
    expect(error).toMatchObject({ code: 'budget_exceeded', message });
    expect(error.metadata).toMatchObject({
      limit_source: limitSource,
      reset_interval: interval === 'total' ? null : interval,
      resets_at: null,
    });
  });

  it('ask to wait when the credit is only set aside', () => {
    const error = errorOf({ reason: 'in_flight_budget_exhausted', resetsAt: null });
    expect(error).toMatchObject({
      code: 'in_flight_budget_exhausted',
      retryAfterMs: 2_000,
      metadata: { reason: 'in_flight_budget_exhausted', limit_source: 'openrouter_in_flight_budget', required_usd: 2 },
    });
    expect(error.definition.status).toBe(402);
  });

  it('say how many tokens are affordable, or that not even the prompt is', () => {
    expect(errorOf({ reason: 'insufficient_credits' })).toMatchObject({
      code: 'insufficient_credits',
      message:
        'This request requires more credits, or fewer max_tokens. You requested up to 900 tokens, but can only afford 120. ' +
        'To increase, add credits to the account.',
      metadata: { limit_source: 'openrouter_credits', affordable_tokens: 120, available_usd: 1 },
    });
    const poor = { ...request, affordableTokens: 0, affordablePromptTokens: 300 };
    expect(errorOf({ reason: 'insufficient_credits' }, poor)).toMatchObject({
      message: 'Prompt tokens limit exceeded: 700 > 300. To increase, add credits to the account.',
      metadata: { prompt_tokens: 700, affordable_prompt_tokens: 300 },
    });
  });
});

describe('what is affordable of a refused request', () => {
  const endpoint = {
    price: { version: 'v1', prompt: 1_000n, completion: 2_000n },
    modelId: 'acme/large',
    maxCompletionTokens: 1_000,
    contextLength: 100_000,
    outputModalities: ['text'],
    supportedParameters: ['max_tokens'],
  };
  const input = { promptBytes: 400, messages: 1, tools: 0, images: 0, maxTokens: null, n: 1, admittedAtMs: 0 };
  const affordable = (nanos: bigint) =>
    refusedRequest({ key, boundNanos: 2_544n, input, endpoints: [endpoint] }, nanos);

  // A byte of the prompt is a nano-dollar and a token of the answer two; 144 tokens are the template's.
  it('is output as long as the prompt is paid for', () => {
    expect(affordable(544n + 200n)).toMatchObject({ requestedTokens: 1_000, affordableTokens: 100, promptTokens: 544 });
    expect(affordable(545n)).toMatchObject({ affordableTokens: 0, affordablePromptTokens: 543 });
    expect(affordable(2n + 144n + 100n)).toMatchObject({ affordableTokens: 0, affordablePromptTokens: 244 });
    expect(affordable(0n)).toMatchObject({ affordableTokens: 0, affordablePromptTokens: 0 });
  });

  it('does not blame the prompt where no limit of output is heeded', () => {
    const endpoints = [{ ...endpoint, supportedParameters: [] }];
    const told = refusedRequest({ key, boundNanos: 2_544n, input, endpoints }, 600n);
    expect(told).toMatchObject({ affordableTokens: 0, promptTokens: 544, affordablePromptTokens: 544 });
    expect(errorOf({ reason: 'insufficient_credits' }, told).message).toMatch(
      /You requested up to 1000 tokens, but can only/,
    );
  });
});
