import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { z } from 'zod';
import { UsageEvent } from './generation.js';
import { usageEventWire } from './usage-event-wire.js';
import { Usage, usageOf } from './usage.js';

const amount = fc.bigInt({ min: 0n, max: 10n ** 18n });
const count = fc.nat();
const outside = fc.option(fc.string({ unit: 'binary', maxLength: 600 }));
const id = fc.constant(randomUUID());

const price = fc.record(
  {
    version: fc.constant('v1'),
    prompt: amount,
    completion: amount,
    cacheRead: amount,
    discountPpm: fc.integer({ min: 0, max: 1_000_000 }),
    overrides: fc.array(fc.record({ prompt: amount, minPromptTokens: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 2,
    }),
    serviceTiers: fc.record({ flex: fc.record({ prompt: amount }) }),
  },
  { requiredKeys: ['version', 'prompt', 'completion'] },
);

const buckets = fc.record(
  {
    source: fc.constantFrom('reported' as const, 'estimated' as const),
    inputTokens: count,
    outputTokens: count,
    requests: count,
    inputSeconds: count,
    serviceTier: fc.constant('flex' as const),
  },
  { requiredKeys: ['source'] },
);

const event: fc.Arbitrary<UsageEvent> = fc.record({
  generationId: fc.constant(`gen-1700000000-${'a'.repeat(20)}`),
  leaseId: id,
  accountId: id,
  keyId: id,
  edgeId: fc.string(),
  edgeEpoch: id,
  provider: fc.string(),
  endpointId: fc.string(),
  model: fc.string(),
  upstreamModel: fc.string(),
  outcome: fc.constantFrom('final', 'estimate', 'insured', 'void'),
  usage: buckets.map(usageOf),
  price,
  admittedAtMs: count,
  costPicos: amount,
  costNanos: amount,
  boundNanos: amount,
  ticket: fc.option(fc.string({ maxLength: 64 })),
  ownKey: fc.option(fc.record({ feePpm: fc.integer({ min: 0, max: 1_000_000 }) })),
  finishReason: fc.option(fc.constant('stop' as const)),
  nativeFinishReason: outside,
  upstreamId: outside,
  cancelled: fc.boolean(),
  streamed: fc.boolean(),
  headersMs: fc.option(count),
  firstTokenMs: fc.option(count),
  totalMs: count,
  witness: fc.constantFrom('worker', 'edge'),
});

describe('a usage event on its way', () => {
  it('has the very text that its contract gives it', () => {
    fc.assert(
      fc.property(event, (made) => {
        expect(JSON.stringify(usageEventWire(made))).toBe(JSON.stringify(z.encode(UsageEvent, made)));
      }),
    );
  });
});

describe('a usage', () => {
  it('has every bucket, as its contract reads it', () => {
    fc.assert(
      fc.property(buckets, (given) => {
        expect(JSON.stringify(usageOf(given))).toBe(JSON.stringify(Usage.parse(given)));
      }),
    );
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('is refused with %s in a bucket', (inputTokens) => {
    expect(() => usageOf({ source: 'reported', inputTokens })).toThrow(z.ZodError);
  });
});
