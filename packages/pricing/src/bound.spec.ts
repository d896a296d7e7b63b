import type { Price } from '@switchyard/contracts';
import fc from 'fast-check';
import { boundOf, promptTokenBound, type BoundInput } from './bound.js';
import { costOf } from './cost.js';
import * as arbitraries from './testing/arbitraries.js';

const request: BoundInput = {
  promptBytes: 400,
  messages: 2,
  tools: 0,
  images: 0,
  maxTokens: 100,
  n: 1,
  admittedAtMs: Date.UTC(2026, 10, 22, 12, 0),
};
const price: Price = { version: 'v1', prompt: 1_000n, completion: 2_000n };
const endpoint = { price, maxCompletionTokens: 1_000, contextLength: 100_000 };

describe('the bound of a request', () => {
  it('is never less than what any usage within the limits costs, on any of the endpoints', () => {
    fc.assert(
      fc.property(
        arbitraries.boundInput,
        fc
          .array(arbitraries.endpoint, { minLength: 1, maxLength: 4 })
          .chain((endpoints) => fc.nat(endpoints.length - 1).map((chosen) => ({ endpoints, chosen }))),
        fc.gen(),
        (input, { endpoints, chosen }, gen) => {
          const served = endpoints[chosen]!;
          const outputLimit = served.maxCompletionTokens ?? served.contextLength;
          const usage = gen(() =>
            arbitraries.usageWithin({
              input: Math.min(promptTokenBound(input), served.contextLength),
              output: Math.min(input.maxTokens ?? outputLimit, outputLimit) * input.n,
              requests: input.n,
              searches: input.searches ?? 0,
            }),
          );
          const cost = costOf(usage, served.price, input.admittedAtMs);
          expect(boundOf(input, endpoints)).toBeGreaterThanOrEqual(cost.nanos);
        },
      ),
      // Shrinking a failure through this many dependent values takes minutes; the seed is enough to repeat it.
      { numRuns: 5_000, endOnFailure: true },
    );
  });

  it('is bytes, messages and output at their prices', () => {
    const promptTokens = 128n + 400n + 2n * 16n;
    expect(boundOf(request, [endpoint])).toBe(promptTokens + 100n * 2n);
  });

  it('takes the output limit of the endpoint when the caller set none or a higher one, for each choice', () => {
    const promptNanos = 560n;
    expect(boundOf({ ...request, maxTokens: null }, [endpoint])).toBe(promptNanos + 2_000n);
    expect(boundOf({ ...request, maxTokens: 9_999, n: 3 }, [endpoint])).toBe(promptNanos + 6_000n);
  });

  it('is that of the dearest endpoint', () => {
    const dear = { ...endpoint, price: { ...price, completion: 9_000n } };
    expect(boundOf(request, [endpoint, dear])).toBe(boundOf(request, [dear]));
  });

  it('covers cache writes and long-context rows that the prompt can reach, and no others', () => {
    const surcharged = { ...endpoint, price: { ...price, cacheWrite1h: 2_000n } };
    expect(boundOf(request, [surcharged])).toBe(560n * 2n + 200n);
    const tiered = (minPromptTokens: number) => ({
      ...endpoint,
      price: { ...price, overrides: [{ minPromptTokens, prompt: 5_000n, completion: 6_000n }] },
    });
    expect(boundOf(request, [tiered(560)])).toBe(560n * 5n + 600n);
    expect(boundOf(request, [tiered(561)])).toBe(760n);
  });

  it('leaves out the price of media that cannot occur', () => {
    const spoken = { ...endpoint, price: { ...price, audioInput: 50_000n, imageOutput: 70_000n } };
    const text = { inputModalities: ['text'], outputModalities: ['text'] };
    expect(boundOf({ ...request, ...text }, [spoken])).toBe(760n);
    expect(boundOf(request, [spoken])).toBe(560n * 50n + 100n * 70n);
  });

  it('refuses to bound nothing', () => {
    expect(() => boundOf(request, [])).toThrow(RangeError);
  });
});
