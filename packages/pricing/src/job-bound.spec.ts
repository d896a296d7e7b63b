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

  it('is never below the cost of what is spoken, heard and drawn, by the piece or by the token', () => {
    const price = fc.record({
      version: fc.constant('v1'),
      prompt: fc.bigInt({ min: 0n, max: 10_000_000n }),
      completion: fc.bigInt({ min: 0n, max: 10_000_000n }),
      audioInput: fc.bigInt({ min: 0n, max: 50_000_000n }),
      audioOutput: fc.bigInt({ min: 0n, max: 50_000_000n }),
      imageOutput: fc.bigInt({ min: 0n, max: 50_000_000n }),
      character: fc.bigInt({ min: 0n, max: 50_000_000n }),
      second: fc.bigInt({ min: 0n, max: 500_000_000n }),
      outputImage: fc.bigInt({ min: 0n, max: 100_000_000_000n }),
      discountPpm: fc.integer({ min: 0, max: 900_000 }),
    });
    const pieces = fc.record({
      characters: fc.nat(4_096),
      seconds: fc.nat(40_000),
      outputImages: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(price, pieces, fc.integer({ min: 1, max: 6_000 }), (drawn, most, perImage) => {
        const media = {
          ...endpoint(drawn),
          outputModalities: ['image', 'speech'],
          maxCompletionTokens: perImage,
        };
        const usage = usageOf({
          source: 'reported',
          inputTokens: 90,
          audioInputTokens: most.seconds * 32,
          imageOutputTokens: perImage * most.outputImages,
          inputCharacters: most.characters,
          inputSeconds: most.seconds,
          outputImages: most.outputImages,
          requests: 1,
        });
        const size = { promptBytes: 90, texts: 1, requests: 1, pieces: most, outputTokens: null, admittedAtMs: 0 };
        expect(jobBoundOf(size, [byToken, media])).toBeGreaterThanOrEqual(costOf(usage, drawn, 0).nanos);
      }),
    );
  });

  it('is exactly the price of the pieces where nothing else costs', () => {
    const size = {
      promptBytes: 11,
      texts: 1,
      requests: 1,
      pieces: { characters: 11 },
      outputTokens: 500,
      admittedAtMs: 0,
    };
    expect(jobBoundOf(size, [endpoint({ version: 'v1', prompt: 0n, completion: 0n, character: 15_000_000n })])).toBe(
      165_000n,
    );
  });
});
