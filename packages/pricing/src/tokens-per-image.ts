/** The most tokens that one image is counted as, by the family of models that reads it, whoever serves it. */
interface ImageLimit {
  readonly models: RegExp;
  readonly tokens: number;
  /** How the figure comes about, and where that is said. */
  readonly source: string;
}

/** First match wins. Read in November 2026. */
const LIMITS: readonly ImageLimit[] = [
  {
    models: /^openai\/gpt-4o-mini/,
    tokens: 48_169,
    source:
      'base 2833 and 5667 for each of 8 tiles of 512 px in 2048 x 768 px: developers.openai.com, images and vision',
  },
  {
    models: /^openai\//,
    tokens: 12_000,
    source: '10,000 patches at detail "original", times 1.2 as measured: developers.openai.com, images and vision',
  },
  {
    models: /^anthropic\//,
    tokens: 5_000,
    source: '4,784 at 2576 px since Opus 4.7, about 1,600 before: platform.claude.com, vision',
  },
  {
    models: /^google\//,
    tokens: 6_450,
    source: '258 for each tile of at least 256 px, of 3072 px at most, and one for the whole: ai.google.dev, tokens',
  },
  { models: /^x-ai\//, tokens: 1_792, source: '256 for each of 6 tiles and the whole: docs.x.ai, image understanding' },
  {
    models: /^mistralai\//,
    tokens: 4_160,
    source: 'patches of 16 px in 1024 px with a mark after each row: configuration of Pixtral 12B and Large',
  },
  { models: /^meta-llama\//, tokens: 6_404, source: '1,601 for each of 4 tiles: configuration of Llama 3.2 Vision' },
];

/** Qwen2-VL and later count up to this by default, more than any other open model known: huggingface.co/Qwen, model cards. */
const OTHERS = 16_384;

/** Most tokens that one image of a prompt is counted as by this model; an alias (`~author/…`) counts like its author's models. */
export const tokensPerImage = (modelId: string): number =>
  LIMITS.find(({ models }) => models.test(modelId.replace(/^~/, '')))?.tokens ?? OTHERS;
