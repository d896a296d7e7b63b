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

  it('tell cached audio from other cached input, and never count a token twice', () => {
    const reported = (cachedAudio: number) => ({
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 80 }],
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: cachedAudio }],
    });
    expect(parseGemini(reported(40), 0)).toMatchObject({
      cacheReadTokens: 20,
      cacheReadAudioTokens: 40,
      audioInputTokens: 40,
      inputTokens: 0,
    });
    expect(promptTokens(parseGemini(reported(70), 0)!)).toBe(100);
  });

  it('tell the tier that served, where it has a price of its own', () => {
    const openAi = { prompt_tokens: 1, completion_tokens: 1 };
    const tiers = (names: readonly string[]) => names.map((name) => parseOpenAi(openAi, name)?.serviceTier);
    expect(tiers(['flex', 'priority'])).toEqual(['flex', 'priority']);
    expect(tiers(['default', 'auto', 'scale', 'on_demand'])).toEqual([undefined, undefined, undefined, undefined]);
    expect(parseGemini({ promptTokenCount: 1, serviceTier: 'flex' }, 0)?.serviceTier).toBe('flex');
    const claude = { input_tokens: 1, output_tokens: 1 };
    expect(parseAnthropic({ ...claude, service_tier: 'standard', speed: 'fast' })?.serviceTier).toBe('priority');
    expect(parseAnthropic({ ...claude, service_tier: 'priority' })?.serviceTier).toBeUndefined();
  });

  it.each([
    [{ num_sources_used: 0, server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1 } }, 3],
    [{ num_sources_used: 4 }, 4],
    [{ num_search_queries: 5 }, 5],
    [{ server_tool_use: { web_search_requests: 6 } }, 6],
    [{ server_tool_use_details: { web_search_requests: 7 } }, 7],
    [{}, 0],
  ])('count the searches of %j', (fields, searches) => {
    expect(parseOpenAi({ prompt_tokens: 1, completion_tokens: 1, ...fields })?.searches).toBe(searches);
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
