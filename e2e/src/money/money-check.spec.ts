import type { BookEntry } from '@switchyard/testing';
import type { BookedUsage } from './books.js';
import type { Seen } from './clients.js';
import { accountFor, type MoneyFacts } from './money-check.js';

const price = { prompt: '1000000', completion: '4000000', cacheRead: '100000' };
const usage: BookedUsage = {
  generationId: 'gen-1',
  outcome: 'final',
  costNanos: 30_000n,
  paidNanos: 30_000n,
  lostNanos: 0n,
  boundNanos: 50_000n,
  witness: 'worker',
  upstreamId: 'up-1',
  cancelled: false,
  price,
};
const entry = {
  id: 1,
  label: 'c-1',
  upstreamId: 'up-1',
  reported: { promptTokens: 10, cachedTokens: 0, outputTokens: 5, reasoningTokens: 0 },
} as BookEntry;
const seen = {
  ask: { label: 'c-1' },
  generationId: 'gen-1',
  how: 'whole',
  costNanos: 30_000n,
} as Seen;
const facts = (change: Partial<MoneyFacts> = {}): MoneyFacts => ({
  seen: [seen],
  book: [entry],
  usage: [usage],
  labels: new Map(),
  ...change,
});

describe('the account of what providers have in their books', () => {
  it('is clean when the client paid what the provider counted', () => {
    expect(accountFor(facts())).toMatchObject({ faults: [], booked: 1, charged: { count: 1, nanos: 30_000n } });
  });

  it.each<[string, Partial<MoneyFacts>, RegExp]>([
    ['was charged otherwise', { usage: [{ ...usage, paidNanos: 29_999n }] }, /book says 30000/],
    ['was not booked', { usage: [] }, /nothing is booked/],
    ['was told another cost', { seen: [{ ...seen, costNanos: 1n }] }, /was told 1/],
    ['paid for another', { book: [{ ...entry, label: 'c-2' }] }, /pays for the request of c-2/],
    ['saw an error and paid', { seen: [{ ...seen, how: 'error event' }] }, /saw an error event and paid/],
    ['paid more than its bound', { usage: [{ ...usage, boundNanos: 29_999n }] }, /more than its bound/],
    ['is insured and paid', { usage: [{ ...usage, outcome: 'insured' }] }, /is insured and paid/],
    ['is known to nobody and paid', { seen: [], book: [] }, /no client and no provider/],
  ])('finds a generation that %s', (_, change, expected) => {
    expect(accountFor(facts(change)).faults.join('\n')).toMatch(expected);
  });

  it('names what was given away to a client that saw the end, and no other difference', () => {
    const insured: BookedUsage = { ...usage, outcome: 'insured', paidNanos: 0n };
    expect(accountFor(facts({ usage: [insured] }))).toMatchObject({ faults: [], givenAway: ['gen-1'] });
    expect(accountFor(facts()).givenAway).toEqual([]);
  });

  it('names who saw no end, by who bears it', () => {
    const left: Seen = { ...seen, how: 'left', generationId: null };
    const labels = new Map([['gen-1', 'c-1']]);
    const outcome = (change: Partial<BookedUsage>) =>
      accountFor(facts({ seen: [left], labels, usage: [{ ...usage, ...change }] }));
    expect(outcome({ outcome: 'estimate', paidNanos: 10n })).toMatchObject({ estimates: ['gen-1'], faults: [] });
    expect(outcome({ outcome: 'insured', paidNanos: 0n })).toMatchObject({ insured: ['gen-1'], faults: [] });
    expect(outcome({})).toMatchObject({ finalUnseen: ['gen-1'], faults: [] });
    expect(accountFor(facts({ seen: [left], usage: [] }))).toMatchObject({ unbilled: ['request 1 (c-1)'], faults: [] });
  });
});
