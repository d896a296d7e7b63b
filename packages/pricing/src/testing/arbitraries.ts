import { usageOf, type Price, type PriceOverride, type Usage } from '@switchyard/contracts';
import fc from 'fast-check';
import type { BoundInput, PricedEndpoint } from '../bound.js';

const picos = fc.bigInt({ min: 0n, max: 10_000_000_000n });
const optionalUnits = {
  request: picos,
  cacheRead: picos,
  cacheWrite: picos,
  cacheWrite1h: picos,
  reasoning: picos,
  audioInput: picos,
  audioOutput: picos,
  image: picos,
  imageToken: picos,
  imageOutput: picos,
  webSearch: picos,
};

const override: fc.Arbitrary<PriceOverride> = fc.record(
  {
    prompt: picos,
    completion: picos,
    ...optionalUnits,
    minPromptTokens: fc.constantFrom(1, 10, 1_000, 200_000),
    utcStartMinute: fc.integer({ min: 0, max: 1439 }),
    utcEndMinute: fc.integer({ min: 0, max: 1440 }),
  },
  { requiredKeys: [] },
);

export const price: fc.Arbitrary<Price> = fc.record(
  {
    version: fc.constant('test'),
    prompt: picos,
    completion: picos,
    ...optionalUnits,
    discountPpm: fc.integer({ min: 0, max: 1_000_000 }),
    overrides: fc.array(override, { maxLength: 4 }),
  },
  { requiredKeys: ['version', 'prompt', 'completion'] },
);

const count = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(1_000_000));

export const usage: fc.Arbitrary<Usage> = fc.record({
  source: fc.constantFrom('reported', 'estimated'),
  inputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  cacheWrite1hTokens: count,
  audioInputTokens: count,
  imageInputTokens: count,
  videoInputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  audioOutputTokens: count,
  imageOutputTokens: count,
  requests: fc.nat(2),
  searches: fc.nat(3),
  inputImages: fc.constant(0),
});

export const admittedAtMs = fc.integer({ min: 0, max: 4_102_444_800_000 });

export const endpoint: fc.Arbitrary<PricedEndpoint> = fc.record({
  price,
  contextLength: fc.integer({ min: 1, max: 400_000 }),
  maxCompletionTokens: fc.option(fc.integer({ min: 1, max: 130_000 })),
});

export const boundInput: fc.Arbitrary<BoundInput> = fc.record({
  promptBytes: fc.nat(300_000),
  messages: fc.nat(20),
  tools: fc.nat(5),
  images: fc.nat(3),
  maxTokens: fc.option(fc.integer({ min: 1, max: 200_000 })),
  n: fc.integer({ min: 1, max: 4 }),
  admittedAtMs,
  searches: fc.nat(3),
});

/** Cuts a whole into shares by weights; what is left over stays unused. */
const share = (weights: readonly number[], whole: number): number[] => {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => (sum === 0 ? 0 : Math.floor((weight / sum) * whole)));
};

/** A usage within the limits: input and output spread over the buckets in any way. */
export const usageWithin = (limits: { input: number; output: number; requests: number; searches: number }) =>
  fc
    .record({
      input: fc.oneof(fc.constant(limits.input), fc.nat(limits.input)),
      output: fc.oneof(fc.constant(limits.output), fc.nat(limits.output)),
      // Mostly one bucket alone: that is where a bound that forgot a bucket shows.
      inputWeights: fc.array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 7, maxLength: 7 }),
      outputWeights: fc.array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 4, maxLength: 4 }),
      requests: fc.nat(limits.requests),
      searches: fc.nat(limits.searches),
    })
    .map(({ input, output, inputWeights, outputWeights, requests, searches }) => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = share(inputWeights, input);
      const [h = 0, i = 0, j = 0, k = 0] = share(outputWeights, output);
      return usageOf({
        source: 'reported',
        inputTokens: a,
        cacheReadTokens: b,
        cacheWriteTokens: c,
        cacheWrite1hTokens: d,
        audioInputTokens: e,
        imageInputTokens: f,
        videoInputTokens: g,
        outputTokens: h,
        reasoningTokens: i,
        audioOutputTokens: j,
        imageOutputTokens: k,
        requests,
        searches,
      });
    });
