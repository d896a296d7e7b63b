import {
  SERVICE_TIERS,
  usageOf,
  type Price,
  type PriceOverride,
  type TierPrice,
  type Usage,
} from '@switchyard/contracts';
import fc from 'fast-check';
import type { BoundInput, PricedEndpoint } from '../bound.js';
import { BASE64_PER_AUDIO_TOKEN } from '../prompt-bound.js';
import { tokensPerImage } from '../tokens-per-image.js';

const picos = fc.bigInt({ min: 0n, max: 10_000_000_000n });
const optionalUnits = {
  request: picos,
  cacheRead: picos,
  cacheWrite: picos,
  cacheWrite1h: picos,
  reasoning: picos,
  audioInput: picos,
  audioCacheRead: picos,
  audioOutput: picos,
  image: picos,
  imageToken: picos,
  imageOutput: picos,
  webSearch: picos,
  character: picos,
  second: picos,
  outputImage: picos,
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

const tierPrice: fc.Arbitrary<TierPrice> = fc.record(
  { prompt: picos, completion: picos, ...optionalUnits, overrides: fc.array(override, { maxLength: 2 }) },
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
    serviceTiers: fc.record({ flex: tierPrice, priority: tierPrice }, { requiredKeys: [] }),
  },
  { requiredKeys: ['version', 'prompt', 'completion'] },
);

const count = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(1_000_000));
const tier = fc.constantFrom(undefined, ...SERVICE_TIERS);

export const usage: fc.Arbitrary<Usage> = fc.record({
  source: fc.constantFrom('reported', 'estimated'),
  inputTokens: count,
  cacheReadTokens: count,
  cacheReadAudioTokens: count,
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
  inputImages: fc.nat(3),
  inputCharacters: fc.option(fc.nat(5_000), { nil: undefined }),
  inputSeconds: fc.option(fc.nat(5_000), { nil: undefined }),
  outputImages: fc.option(fc.nat(10), { nil: undefined }),
  serviceTier: tier,
});

export const admittedAtMs = fc.integer({ min: 0, max: 4_102_444_800_000 });

export const endpoint: fc.Arbitrary<PricedEndpoint> = fc.record({
  price,
  modelId: fc.constantFrom('openai/gpt-4o-mini', 'anthropic/claude', 'x-ai/grok', 'acme/deep-research'),
  supportedParameters: fc.constantFrom(
    ['max_tokens', 'web_search_options'],
    ['max_completion_tokens'],
    ['web_search_options', 'stop'],
  ),
  outputModalities: fc.constantFrom(['text'], ['text', 'image'], ['text', 'audio']),
  contextLength: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 400_000 })),
  maxCompletionTokens: fc.option(fc.integer({ min: 1, max: 130_000 })),
});

export const boundInput: fc.Arbitrary<BoundInput> = fc.record({
  promptBytes: fc.oneof(fc.nat(1_000), fc.nat(300_000)),
  messages: fc.nat(20),
  tools: fc.nat(5),
  images: fc.nat(3),
  structured: fc.boolean(),
  audioBytes: fc.oneof(fc.constant(0), fc.nat(1_000_000)),
  openEnded: fc.boolean(),
  inputModalities: fc.constantFrom(['text'], ['image', 'text'], ['audio', 'image', 'text', 'video']),
  outputModalities: fc.constantFrom(['text'], ['audio', 'text']),
  maxTokens: fc.option(fc.integer({ min: 1, max: 200_000 })),
  n: fc.integer({ min: 1, max: 4 }),
  admittedAtMs,
  searches: fc.nat(3),
});

const TEXT_BUCKETS = ['inputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'cacheWrite1hTokens'] as const;
const AUDIO_BUCKETS = [...TEXT_BUCKETS, 'audioInputTokens', 'cacheReadAudioTokens'] as const;
const IMAGE_BUCKETS = [...TEXT_BUCKETS, 'imageInputTokens'] as const;
type Bucket = Exclude<keyof Usage, 'source' | 'serviceTier'>;

/**
 * A usage within the limits of a request at an endpoint, made from the rules in words: text is never more tokens than its bytes and
 * the markers around it, an image at most what its model counts, and so on; together at most the context. Each part lands whole in
 * one bucket that it may be reported in: that is where a bound that forgot a bucket shows.
 */
export const usageWithin = (input: BoundInput, served: PricedEndpoint): fc.Arbitrary<Usage> => {
  const preamble = served.modelId === 'x-ai/grok' ? 1_024 : 128;
  const text =
    preamble +
    (input.structured ? 1_000 : 0) +
    input.promptBytes +
    16 * input.messages +
    (input.tools > 0 ? 1_000 : 0) +
    64 * input.tools;
  const asked = served.supportedParameters.includes('web_search_options') ? (input.searches ?? 0) : 0;
  const searches = served.modelId === 'acme/deep-research' ? 100 : asked;
  const open = input.openEnded || searches > 0;
  const hears = input.inputModalities!.some((modality) => modality === 'audio' || modality === 'video');
  const openBuckets: readonly Bucket[] = [...IMAGE_BUCKETS, 'videoInputTokens', ...(hears ? AUDIO_BUCKETS : [])];
  const parts: readonly (readonly [number, readonly Bucket[]])[] = [
    [text, TEXT_BUCKETS],
    [input.images * tokensPerImage(served.modelId), IMAGE_BUCKETS],
    [Math.ceil((input.audioBytes ?? 0) / BASE64_PER_AUDIO_TOKEN), AUDIO_BUCKETS],
    [open ? served.contextLength : 0, openBuckets],
  ];
  const limit = served.maxCompletionTokens ?? served.contextLength;
  const draws = served.outputModalities.includes('image');
  const heeds = !draws && !served.supportedParameters.includes('stop');
  const output = (heeds ? Math.min(input.maxTokens ?? limit, limit) : limit) * input.n;
  const outputBuckets: readonly Bucket[] = [
    'outputTokens',
    'reasoningTokens',
    ...(input.outputModalities!.includes('audio') ? (['audioOutputTokens'] as const) : []),
    ...(draws ? (['imageOutputTokens'] as const) : []),
  ];
  const within = (whole: number) => fc.oneof(fc.constant(whole), fc.nat(whole));
  return fc
    .record({
      order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
      parts: fc.tuple(
        ...parts.map(([tokens, buckets]) => fc.record({ tokens: within(tokens), bucket: fc.constantFrom(...buckets) })),
      ),
      output: within(output),
      outputBucket: fc.constantFrom(...outputBuckets),
      requests: fc.nat(input.n),
      searches: fc.nat(searches),
      inputImages: fc.nat(input.images),
      serviceTier: tier,
    })
    .map((drawn) => {
      const buckets: Partial<Record<Bucket, number>> = {};
      let room = served.contextLength;
      for (const index of drawn.order) {
        const { tokens, bucket } = drawn.parts[index]!;
        const counted = Math.min(tokens, room);
        room -= counted;
        buckets[bucket] = (buckets[bucket] ?? 0) + counted;
      }
      buckets[drawn.outputBucket] = drawn.output;
      const { requests, inputImages, serviceTier } = drawn;
      const counts = { requests, inputImages, searches: drawn.searches };
      return usageOf({ source: 'reported', ...buckets, ...counts, serviceTier });
    });
};
