import type { Price } from '@switchyard/contracts';
import fc from 'fast-check';
import { boundOf, type BoundInput } from './bound.js';
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
const endpoint = {
  price,
  modelId: 'anthropic/claude',
  maxCompletionTokens: 1_000,
  contextLength: 100_000,
  outputModalities: ['text'],
  supportedParameters: ['max_tokens', 'web_search_options'],
};

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
          const usage = gen(() => arbitraries.usageWithin(input, served));
          const cost = costOf(usage, served.price, input.admittedAtMs);
          expect(boundOf(input, endpoints)).toBeGreaterThanOrEqual(cost.nanos);
        },
      ),
      // Shrinking a failure through this many dependent values takes minutes; the seed is enough to repeat it.
      { numRuns: 3_000, endOnFailure: true },
    );
  }, 60_000);

  it('is bytes, messages and output at their prices', () => {
    const promptTokens = 128n + 400n + 2n * 16n;
    expect(boundOf(request, [endpoint])).toBe(promptTokens + 100n * 2n);
  });

  it('takes the output limit of the endpoint when the caller set none or a higher one, for each choice', () => {
    const promptNanos = 560n;
    expect(boundOf({ ...request, maxTokens: null }, [endpoint])).toBe(promptNanos + 2_000n);
    expect(boundOf({ ...request, maxTokens: 9_999, n: 3 }, [endpoint])).toBe(promptNanos + 6_000n);
  });

  it('knows what providers say to the model on their own', () => {
    expect(boundOf(request, [{ ...endpoint, modelId: 'x-ai/grok-4.3' }])).toBe(760n + 1_024n - 128n);
    expect(boundOf({ ...request, structured: true }, [endpoint])).toBe(760n + 1_000n);
    expect(boundOf({ ...request, tools: 2 }, [endpoint])).toBe(760n + 1_000n + 2n * 64n);
  });

  it('rounds what a discount leaves up, as the cost does', () => {
    const halved = { ...endpoint, price: { ...price, prompt: 0n, completion: 2_001n, discountPpm: 500_000 } };
    expect(boundOf({ ...request, maxTokens: 1 }, [halved])).toBe(2n);
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
    const spoken = {
      ...endpoint,
      price: { ...price, audioInput: 50_000n, audioOutput: 70_000n, imageOutput: 90_000n },
    };
    expect(boundOf({ ...request, outputModalities: ['text'] }, [spoken])).toBe(760n);
    expect(boundOf(request, [spoken])).toBe(560n + 100n * 70n);
  });

  it('prices a recording as audio, by the least that a second of it takes', () => {
    const heard = { ...endpoint, price: { ...price, audioInput: 50_000n } };
    expect(boundOf({ ...request, audioBytes: 3_201 }, [heard])).toBe(760n + 101n * 50n);
    expect(boundOf({ ...request, audioBytes: 3_201 }, [endpoint])).toBe(760n + 101n);
    const cached = { ...endpoint, price: { ...price, audioCacheRead: 60_000n } };
    expect(boundOf({ ...request, audioBytes: 3_201 }, [cached])).toBe(760n + 101n * 60n);
  });

  it('prices an image at the most that its model counts, and as a whole where the price book says so', () => {
    const mini = { ...endpoint, modelId: 'openai/gpt-4o-mini' };
    expect(boundOf({ ...request, images: 2 }, [{ ...mini, contextLength: 1_000_000 }])).toBe(760n + 2n * 48_169n);
    expect(boundOf({ ...request, images: 1 }, [endpoint])).toBe(760n + 5_000n);
    const byPiece = { ...endpoint, price: { ...price, imageToken: 3_000n, image: 7_000_000n } };
    expect(boundOf({ ...request, images: 1 }, [byPiece])).toBe(760n + 3n * 5_000n + 7_000n);
  });

  it('counts what can be of any length as the whole context, at the dearest that it can be reported as', () => {
    expect(boundOf({ ...request, openEnded: true }, [endpoint])).toBe(100_000n + 200n);
    expect(boundOf({ ...request, searches: 1 }, [endpoint])).toBe(100_000n + 200n);
    const heard = { ...endpoint, price: { ...price, audioInput: 5_000n } };
    expect(boundOf({ ...request, openEnded: true, inputModalities: ['file', 'text'] }, [heard])).toBe(100_200n);
    expect(boundOf({ ...request, openEnded: true, inputModalities: ['text', 'video'] }, [heard])).toBe(500_200n);
  });

  it('takes the limit of the endpoint where it is not told of the caller’s', () => {
    expect(boundOf(request, [{ ...endpoint, supportedParameters: ['temperature'] }])).toBe(560n + 1_000n * 2n);
    expect(boundOf(request, [{ ...endpoint, supportedParameters: ['max_completion_tokens'] }])).toBe(760n);
  });

  it('covers the searches that were asked for, where the endpoint takes them, and those that nobody asks for', () => {
    const priced = { ...endpoint, price: { ...price, webSearch: 1_000_000n } };
    expect(boundOf({ ...request, searches: 10 }, [priced])).toBe(100_200n + 10n * 1_000n);
    expect(boundOf({ ...request, searches: 10 }, [{ ...priced, supportedParameters: ['max_tokens'] }])).toBe(760n);
    expect(boundOf(request, [{ ...priced, modelId: 'acme/deep-research' }])).toBe(100_200n + 100n * 1_000n);
  });

  it('expects a model that draws to draw, whatever limit of tokens the caller set', () => {
    const draws = { ...endpoint, outputModalities: ['text', 'image'], price: { ...price, imageOutput: 30_000n } };
    expect(boundOf({ ...request, outputModalities: ['text'] }, [draws])).toBe(560n + 1_000n * 30n);
  });

  it('covers the dearest service tier of the price, and what that costs for a long prompt', () => {
    const tiers = {
      flex: { prompt: 500n, completion: 1_000n },
      priority: { prompt: 2_000n, overrides: [{ minPromptTokens: 560, completion: 9_000n }] },
    };
    const tiered = { ...endpoint, price: { ...price, serviceTiers: tiers } };
    expect(boundOf(request, [tiered])).toBe(560n * 2n + 100n * 9n);
    expect(boundOf({ ...request, promptBytes: 399 }, [tiered])).toBe(559n * 2n + 100n * 2n);
  });

  it('refuses to bound nothing', () => {
    expect(() => boundOf(request, [])).toThrow(RangeError);
  });
});
