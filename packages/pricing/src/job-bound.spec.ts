import { usageOf } from '@switchyard/contracts';
import fc from 'fast-check';
import { costOf } from './cost.js';
import { jobBoundOf } from './job-bound.js';
import type { PricedEndpoint } from './bound.js';

const endpoint = (price: PricedEndpoint['price']): PricedEndpoint => ({
  price,
  modelId: 'openai/text-embedding-3-small',
  contextLength: 8_192,
  maxCompletionTokens: null,
  outputModalities: ['embeddings'],
  supportedParameters: [],
});
const byToken = endpoint({ version: 'v1', prompt: 20_000n, completion: 0n });
const byPiece = endpoint({ version: 'v1', prompt: 0n, completion: 0n, request: 2_000_000_000n });

describe('the bound of a job', () => {
  it('is never below its cost, however many texts there are and whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 40_000 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 5 }),
        (sizes, requests) => {
          // Each text has at most as many tokens as bytes, and a mark on either side.
          const promptBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
          const usage = usageOf({ source: 'reported', inputTokens: promptBytes + 2 * sizes.length, requests });
          const bound = jobBoundOf({ promptBytes, texts: sizes.length, requests, admittedAtMs: 0 }, [byToken, byPiece]);
          for (const { price } of [byToken, byPiece])
            expect(bound).toBeGreaterThanOrEqual(costOf(usage, price, 0).nanos);
        },
      ),
    );
  });

  it('counts more tokens than fit into one context, because each text has a context of its own', () => {
    const size = { promptBytes: 100_000, texts: 20, requests: 1, admittedAtMs: 0 };
    expect(jobBoundOf(size, [byToken])).toBeGreaterThanOrEqual(2_000n * 1_000n);
  });

  it('is the price of the pieces alone where only they cost', () => {
    expect(jobBoundOf({ promptBytes: 5, texts: 1, requests: 3, admittedAtMs: 0 }, [byPiece])).toBe(6_000_000n);
  });

  it('asks for nothing where output has a price by mistake', () => {
    const odd = endpoint({ version: 'v1', prompt: 0n, completion: 1_000_000n });
    expect(jobBoundOf({ promptBytes: 5, texts: 1, requests: 1, admittedAtMs: 0 }, [odd])).toBe(0n);
  });
});
