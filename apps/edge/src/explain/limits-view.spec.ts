import { randomUUID } from 'node:crypto';
import type { ApiKey } from '@switchyard/contracts';
import { budgetLimits, creditLimit, freeLimits } from './limits-view.js';

const DOLLAR = 1_000_000_000n;

describe('the limits that a request would meet', () => {
  it.each([
    [1n, { refuses: false, waits: false }],
    [2n, { refuses: false, waits: false }],
    [3n, { refuses: false, waits: true }],
    [5n, { refuses: false, waits: true }],
    [6n, { refuses: true, waits: false }],
  ])('%i dollars of 2 that are there and 3 that are set aside', (dollars, expected) => {
    const balance = {
      depositedNanos: 9n * DOLLAR,
      availableNanos: 2n * DOLLAR,
      leasedNanos: 3n * DOLLAR,
      spentNanos: 4n * DOLLAR,
    };
    expect(creditLimit(dollars * DOLLAR, balance)).toMatchObject({
      limit_source: 'openrouter_credits',
      remaining_usd: 5,
      reserved_usd: 3,
      ...expected,
    });
  });

  it('are those of the key and of all whose budgets it counts against', () => {
    const [id, workspace] = [randomUUID(), randomUUID()];
    const key = {
      id,
      limitNanos: 10n * DOLLAR,
      limitReset: 'daily',
      budgets: [{ scopeId: workspace, kind: 'workspace', interval: 'total', capNanos: 3n * DOLLAR }],
    } as unknown as ApiKey;
    const spend = [
      {
        scopeId: id,
        interval: 'daily',
        spentNanos: 8n * DOLLAR,
        reservedNanos: DOLLAR,
        resetsAt: '2026-11-23T00:00:00Z',
      },
      { scopeId: workspace, interval: 'total', spentNanos: 4n * DOLLAR, reservedNanos: 0n, resetsAt: null },
    ] as const;
    expect(budgetLimits(key, 2n * DOLLAR, spend)).toEqual([
      {
        limit_source: 'openrouter_key_limit',
        scope: 'api_key',
        reset_interval: 'daily',
        limit_usd: 10,
        spend_usd: 8,
        required_usd: 2,
        remaining_usd: 2,
        reserved_usd: 1,
        resets_at: '2026-11-23T00:00:00Z',
        refuses: false,
        waits: true,
      },
      {
        limit_source: 'openrouter_workspace_budget',
        scope: 'workspace',
        reset_interval: null,
        limit_usd: 3,
        spend_usd: 4,
        required_usd: 2,
        remaining_usd: 0,
        reserved_usd: 0,
        resets_at: null,
        refuses: true,
        waits: false,
      },
    ]);
  });

  it('of free models are those that there are', () => {
    const window = (limit: number, used: number) => ({ limit, used, resetsAt: '2026-11-23T00:00:00Z' });
    const quota = { boughtNanos: 0n, thresholdNanos: 0n, dayLimitAbove: 0 };
    expect(freeLimits({ ...quota, minute: window(20, 20), day: window(50, 20) })).toMatchObject([
      { limit_source: 'openrouter_free_tier_minute', refuses: true },
      { limit_source: 'openrouter_free_tier_daily', refuses: false },
    ]);
    expect(freeLimits({ ...quota, minute: window(0, 5), day: window(0, 5) })).toEqual([]);
  });
});
