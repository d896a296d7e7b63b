import { readFileSync } from 'node:fs';
import { addUp, processorUsOf, type Cost, type Costs } from './cost.js';
import { COSTS } from './costs.js';
import { lendingOf } from './lending.js';
import { BODIES, STREAMS, WHOLE, demandOf, secondsOf } from './mixes.js';
import { bitsPerSecond, bytes, duration, percent, shown } from './numbers.js';
import { fillPage } from './page.js';
import { partsOf } from './parts.js';
import { PLAN, carried, layoutFor, mostPerSecond } from './plan.js';

const PAGE = new URL('../../../docs/scaling.md', import.meta.url);

const cost = (us: number): Cost => ({
  processorUs: { edge: us, broker: us, worker: us, ledger: us, postgresql: us, rest: us },
  messagesIn: 1,
  messagesOut: 2,
  bytesIn: 3,
  bytesOut: 4,
});
const round: Costs = {
  ...COSTS,
  request: cost(100),
  chunk: cost(1),
  megabyte: cost(1_000),
  stored: { usageMessages: 1, recordMessages: 0.5, bytes: 1_000 },
  storedPerSecond: 3_000,
  books: { bookedPerSecond: 5_000, topUpUs: 1_000, grantAndReturnUs: 2_000, logBytes: 1_000, auditUs: 10 },
};

describe('docs/scaling.md', () => {
  it('is what `npm run bench:scaling` writes from the costs of today', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(fillPage(page, partsOf(COSTS))).toBe(page);
  }, 60_000);

  it('changes with the costs', () => {
    const page = 'x\n<!-- begin a -->\n\nold\n\n<!-- end a -->\ny';
    expect(fillPage(page, { a: 'new' })).toBe('x\n<!-- begin a -->\n\nnew\n\n<!-- end a -->\ny');
    expect(fillPage(fillPage(page, { a: 'new' }), { a: 'new' })).toBe(fillPage(page, { a: 'new' }));
    expect(() => fillPage(page, { a: '', b: '' })).toThrow('no place for b');
    expect(() => fillPage(page, {})).toThrow('nothing fills: a');
  });
});

describe('what a load costs', () => {
  it('is the sum of its requests, chunks and bodies', () => {
    expect(addUp([[cost(2), 3]])).toEqual({ ...cost(6), messagesIn: 3, messagesOut: 6, bytesIn: 9, bytesOut: 12 });
    expect(processorUsOf(demandOf(WHOLE, round))).toBe(600);
    expect(demandOf(STREAMS, round).processorUs.edge).toBe(100 + 500);
    expect(demandOf(BODIES, round).processorUs.worker).toBe(1_100);
    expect([WHOLE, STREAMS, BODIES].map(secondsOf)).toEqual([2, 10.5, 5]);
  });

  it('says what one of each part carries', () => {
    expect(mostPerSecond(WHOLE, round)).toMatchObject({ edge: 10_000, stream: 3_000, books: 5_000 });
  });

  it('is carried by processors as far as nothing stands in line', () => {
    expect(carried(WHOLE, round, 1, false)).toEqual({ perSecond: (PLAN.used * 1e6) / 600, bound: 'processors' });
    expect(carried(WHOLE, round, 100, false)).toEqual({ perSecond: PLAN.used * 3_000, bound: 'the stream of usage' });
    expect(carried(WHOLE, { ...round, storedPerSecond: 9_000 }, 100, false).bound).toBe('the books');
    expect(carried(WHOLE, round, 1, true).perSecond).toBeLessThan(carried(WHOLE, round, 1, false).perSecond);
  });

  it('makes a layout that has room for the rate', () => {
    const layout = layoutFor(STREAMS, round, 1_000);
    expect(layout.running).toBe(10_500);
    expect((1_000 * 600) / 1e6 / layout.edges).toBeLessThanOrEqual(PLAN.used);
    // 0.6 cores would do, but a worker has no more than a thousand places.
    expect(layout.workers).toBe(15);
    expect(layout.chunksPerSecond).toBe(500_000);
    expect(layoutFor(WHOLE, round, 4_000).cells).toBe(2);
  });
});

describe('what lending costs', () => {
  it('grows with the edges that a key reaches', () => {
    const near = lendingOf(round, { perSecond: 1_000, keys: 1_000, edgesPerKey: 1 });
    const far = lendingOf(round, { perSecond: 1_000, keys: 1_000, edgesPerKey: 50 });
    expect(near.openLeases).toBeCloseTo(1_000, 0);
    expect(near.grantsPerSecond).toBeLessThan(0.01);
    // A pair is used every 50 s: nearly every request borrows.
    expect(far.grantsPerSecond).toBeCloseTo(1_000 * Math.exp(-0.3), 5);
    expect(far.cores).toBeGreaterThan(20 * near.cores);
  });
});

describe('figures on the page', () => {
  it('have three digits that count, and a unit that fits', () => {
    expect([0, 0.0001, 0.001234, 12.345, 999.9, 16_666.7, Number.POSITIVE_INFINITY].map(shown)).toEqual([
      '0',
      '< 0.001',
      '0.00123',
      '12.3',
      '1,000',
      '16,700',
      '–',
    ]);
    expect([0.5, 0.123, 1.051].map(percent)).toEqual(['50 %', '12 %', '105 %']);
    expect([10, 1_500, 2e9].map(bytes)).toEqual(['10 B', '1.5 kB', '2 GB']);
    expect([1e6, 1e9].map(bitsPerSecond)).toEqual(['8 Mbit/s', '8 Gbit/s']);
    expect([10, 600, 36_000, 864_000].map(duration)).toEqual(['10 s', '10 min', '10 h', '10 days']);
  });
});
