import { readFileSync } from 'node:fs';
import { PAYMENT_CASES, payersOf } from './who-pays.js';

const used = { costPicos: 7_500n, ownKey: null, boundNanos: 100n };

describe('who pays', () => {
  it.each([
    ['final', 8n, 0n],
    ['estimate', 8n, 0n],
    ['insured', 0n, 8n],
    ['void', 0n, 8n],
  ] as const)('for a %s entry: the customer %s, the house %s', (outcome, customerNanos, houseNanos) => {
    expect(payersOf({ ...used, outcome })).toEqual({ customerNanos, houseNanos });
  });

  it('is never the customer above the bound', () => {
    expect(payersOf({ ...used, outcome: 'final', boundNanos: 5n })).toEqual({ customerNanos: 5n, houseNanos: 3n });
  });

  it('is the customer for the fee alone with a key of their own', () => {
    const ownKey = { feePpm: 50_000 };
    expect(payersOf({ ...used, ownKey, outcome: 'final' })).toEqual({ customerNanos: 1n, houseNanos: 0n });
    expect(payersOf({ ...used, ownKey: { feePpm: 0 }, outcome: 'final' })).toEqual({
      customerNanos: 0n,
      houseNanos: 0n,
    });
    expect(payersOf({ ...used, ownKey, outcome: 'insured' })).toEqual({ customerNanos: 0n, houseNanos: 1n });
  });

  it('is explained for every case, and for no other', () => {
    const page = readFileSync(new URL('../../../docs/who-pays.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+)` .*\| `?([a-z–]+)`? +\|/gm)].map(([, name, books]) => [name, books]);
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(PAYMENT_CASES).map(([name, { books }]) => [name, books ?? '–'])),
    );
  });
});
