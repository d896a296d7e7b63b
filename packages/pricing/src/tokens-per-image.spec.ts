import { tokensPerImage } from './tokens-per-image.js';

describe('the most tokens of an image', () => {
  it.each([
    ['openai/gpt-4o-mini-2024-07-18', 48_169],
    ['openai/gpt-5.4', 12_000],
    ['~anthropic/claude-sonnet-latest', 5_000],
    ['google/gemini-2.5-flash', 6_450],
    ['x-ai/grok-4.3', 1_792],
    ['qwen/qwen3-vl-235b-a22b-instruct', 16_384],
    ['notopenai/gpt-4o-mini', 16_384],
  ])('of %s is %d', (modelId, tokens) => {
    expect(tokensPerImage(modelId)).toBe(tokens);
  });
});
