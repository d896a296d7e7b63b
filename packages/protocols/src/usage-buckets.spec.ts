import { completionTokens, promptTokens } from '@switchyard/contracts';
import fc from 'fast-check';
import { parseUsage as parseAnthropic } from './anthropic-messages/usage.js';
import { parseUsage as parseGemini } from './gemini/usage.js';
import { parseUpstreamCost, parseUsage as parseOpenAi } from './openai-chat/usage.js';

const count = fc.integer({ min: 0, max: 1_000_000 });

describe('usage buckets', () => {
  it('of OpenAI sum to the provider’s totals, whatever the details say', () => {
    const usage = fc.record({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: fc.record(
        { cached_tokens: count, audio_tokens: count, image_tokens: count },
        { requiredKeys: [] },
      ),
      completion_tokens_details: fc.record({ reasoning_tokens: count, audio_tokens: count }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(usage, (reported) => {
        const total_tokens = reported.prompt_tokens + reported.completion_tokens;
        const parsed = parseOpenAi({ ...reported, total_tokens })!;
        expect(promptTokens(parsed)).toBe(reported.prompt_tokens);
        expect(completionTokens(parsed)).toBe(reported.completion_tokens);
        expect(Object.values(parsed).every((value) => typeof value === 'string' || value >= 0)).toBe(true);
      }),
    );
  });

  it('count reasoning that a provider leaves out of its completion', () => {
    const base = { prompt_tokens: 291, completion_tokens: 26, total_tokens: 513 };
    expect(parseOpenAi({ ...base, completion_tokens_details: { reasoning_tokens: 196 } })).toMatchObject({
      outputTokens: 26,
      reasoningTokens: 196,
    });
    expect(parseOpenAi(base)).toMatchObject({ outputTokens: 26, reasoningTokens: 196 });
  });

  it.each([
    [{ prompt_tokens_details: { cached_tokens: 4 } }],
    [{ cached_tokens: 4 }],
    [{ prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 }],
  ])('find cached tokens in %j', (fields) => {
    const usage = parseOpenAi({ prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, ...fields });
    expect(usage).toMatchObject({ inputTokens: 6, cacheReadTokens: 4 });
  });

  it('of Anthropic put cache reads and writes beside the input', () => {
    fc.assert(
      fc.property(count, count, count, count, count, (input, read, written5m, written1h, output) => {
        const usage = parseAnthropic({
          input_tokens: input,
          cache_read_input_tokens: read,
          cache_creation_input_tokens: written5m + written1h,
          cache_creation: { ephemeral_5m_input_tokens: written5m, ephemeral_1h_input_tokens: written1h },
          output_tokens: output,
        });
        expect(usage).toMatchObject({
          inputTokens: input,
          cacheReadTokens: read,
          cacheWriteTokens: written5m,
          cacheWrite1hTokens: written1h,
          outputTokens: output,
        });
      }),
    );
    expect(parseAnthropic({ input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 5 })).toMatchObject({
      cacheWriteTokens: 5,
    });
    expect(
      parseAnthropic({ input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 6 } }),
    ).toMatchObject({ outputTokens: 3, reasoningTokens: 6 });
  });

  it('of Gemini add what tools brought in, and thoughts', () => {
    expect(
      parseGemini(
        {
          promptTokenCount: 300,
          cachedContentTokenCount: 100,
          toolUsePromptTokenCount: 50,
          candidatesTokenCount: 20,
          thoughtsTokenCount: 30,
          totalTokenCount: 400,
          promptTokensDetails: [
            { modality: 'TEXT', tokenCount: 142 },
            { modality: 'IMAGE', tokenCount: 158 },
          ],
          cacheTokensDetails: [{ modality: 'IMAGE', tokenCount: 100 }],
        },
        2,
      ),
    ).toMatchObject({
      inputTokens: 192,
      cacheReadTokens: 100,
      imageInputTokens: 58,
      outputTokens: 20,
      reasoningTokens: 30,
      searches: 2,
    });
  });

  it('are none at all where nothing was reported', () => {
    for (const value of [null, undefined, {}, [], 'x', { total_tokens: -1 }]) {
      expect(parseOpenAi(value)).toBeNull();
      expect(parseAnthropic(value)).toBeNull();
      expect(parseGemini(value, 0)).toBeNull();
    }
  });

  it('come with the provider’s own cost as an exact decimal', () => {
    expect(parseUpstreamCost({ cost_in_usd_ticks: 1_330_500 })).toBe('0.0001330500');
    expect(parseUpstreamCost({ cost: 0.0000041 })).toBe('0.0000041');
    expect(parseUpstreamCost({ cost: 12 })).toBe('12');
    expect(parseUpstreamCost({ cost: '1' })).toBeUndefined();
  });
});
