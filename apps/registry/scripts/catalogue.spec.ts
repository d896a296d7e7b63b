import { fixturesDirectory } from '@switchyard/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { perUnit, times, withoutNoise } from './decimal.ts';
import { matchModel, namesOf } from './match.ts';
import { listedPricing, providerPricing, supplemented } from './pricing.ts';
import { protocolFor } from './protocols.ts';
import type { Cost, ListedModel, ProviderRow } from './sources.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

const listed = (pricing: Record<string, string>): ListedModel => ({ pricing }) as unknown as ListedModel;
const row = (provider: string, cost: Cost, tiers: ProviderRow['tiers'] = []): ProviderRow => ({
  provider,
  upstreamModel: 'm',
  name: 'M',
  reasoning: false,
  inputModalities: ['text'],
  contextLength: 1,
  maxCompletionTokens: 1,
  cost,
  tiers,
});

describe('units', () => {
  it.each([
    [0.15, '0.00000015'],
    [1.25, '0.00000125'],
    [1e-7, '0.0000000000001'],
    [600, '0.0006'],
    [0.0028, '0.0000000028'],
    [1_000_000, '1'],
    [25_000_000, '25'],
  ])('%d US dollars per million are %s per token', (perMillion, expected) => {
    expect(perUnit(perMillion)).toBe(expected);
  });

  it.each([
    ['0.0000006000000000000001', '0.0000006'],
    ['0.00000100000000000000015', '0.000001'],
    ['0.00000008333333333333334', '0.0000000833333333333'],
    ['0.00000076006', '0.00000076006'],
    ['0', '0'],
  ])('%s means %s', (text, expected) => {
    expect(withoutNoise(text)).toBe(expected);
  });

  it('doubles exactly', () => {
    expect(times('0.0000003', 2)).toBe('0.0000006');
  });
});

describe('prices of OpenRouter’s list', () => {
  it('take `image` for the price of an image token where it is as small as one', () => {
    expect(listedPricing(listed({ prompt: '0.000002', completion: '0.000012', image: '0.000002' }), false)).toEqual({
      prompt: '0.000002',
      completion: '0.000012',
      image_token: '0.000002',
    });
    expect(listedPricing(listed({ prompt: '0.000002', completion: '0.00001', image: '0.0036' }), false)).toHaveProperty(
      'image',
      '0.0036',
    );
  });

  it('take a zero beside the main prices for "there is none"', () => {
    const pricing = listedPricing(listed({ prompt: '0.1', completion: '0.2', request: '0', web_search: '0' }), false);
    expect(pricing).toEqual({ prompt: '0.1', completion: '0.2' });
  });

  it('take the price of a search for one of the request where a model searches every time', () => {
    const prices = { prompt: '0.1', completion: '0.2', web_search: '0.005' };
    const priced = (id: string) => listedPricing({ ...listed(prices), id }, false);
    expect(priced('perplexity/sonar')).toEqual({ prompt: '0.1', completion: '0.2', request: '0.005' });
    for (const id of ['perplexity/sonar-deep-research', 'openai/gpt-5.4']) expect(priced(id)).toEqual(prices);
  });

  it.each([
    ['are negative', { prompt: '-1', completion: '-1' }],
    ['are missing', { prompt: '0.1' }],
    ['are zero', { prompt: '0', completion: '0' }],
  ])('are not usable when they %s', (_, pricing) => {
    expect(() => listedPricing(listed(pricing as Record<string, string>), false)).toThrow(/is missing|is -1|is 0/);
  });

  it('may be zero where the source says free', () => {
    expect(listedPricing(listed({ prompt: '0', completion: '0' }), true)).toEqual({ prompt: '0', completion: '0' });
  });
});

describe('prices of a provider’s catalogue', () => {
  it('are per million, with tiers above a number of tokens', () => {
    const cost = { input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 };
    const tiers = [{ above: 272_000, input: 4, output: 15, cacheRead: 0.2 }];
    expect(providerPricing(row('openai', cost, tiers))).toEqual({
      prompt: '0.000002',
      completion: '0.00001',
      input_cache_read: '0.0000001',
      input_cache_write: '0.0000025',
      overrides: [
        { min_prompt_tokens: 272_001, prompt: '0.000004', completion: '0.000015', input_cache_read: '0.0000002' },
      ],
    });
  });

  it('know what Anthropic takes for an hour of cache', () => {
    const claude = row('amazon-bedrock', { input: 3, output: 15, cacheWrite: 3.75 });
    expect(providerPricing({ ...claude, upstreamModel: 'global.anthropic.claude-sonnet-4-6' })).toMatchObject({
      input_cache_write: '0.00000375',
      input_cache_write_1h: '0.000006',
    });
  });

  it('are free of what floating point left behind', () => {
    expect(providerPricing(row('deepinfra', { input: 0.049999999999999996, output: 0.1 }))['prompt']).toBe(
      '0.00000005',
    );
  });

  it.each([[{}], [{ input: 0, output: 0 }], [{ input: 1, output: 0 }], [{ input: -1, output: 1 }]])(
    'are not usable as %j',
    (cost) => {
      expect(() => providerPricing(row('google', cost))).toThrow('the price is');
    },
  );

  it('are completed from the list only where both agree', () => {
    const own = { prompt: '0.1', completion: '0.2' };
    expect(supplemented(own, { ...own, audio: '0.5' })).toEqual({ ...own, audio: '0.5' });
    expect(supplemented(own, { prompt: '0.1', completion: '0.3', audio: '0.5' })).toEqual(own);
  });
});

describe('names of providers', () => {
  const names = namesOf(
    [
      'anthropic/claude-haiku-4.5',
      'openai/gpt-5',
      'openai/gpt-5-pro',
      'z-ai/glm-5.3',
      'moonshotai/kimi-k3',
      'meta-llama/llama-3.3-70b-instruct',
    ].map((id) => ({ id, huggingFaceId: id.startsWith('meta') ? 'meta-llama/Llama-3.3-70B-Instruct' : null })),
  );

  it.each([
    ['anthropic', 'claude-haiku-4-5', 'anthropic/claude-haiku-4.5', 'anthropic'],
    ['openai', 'gpt-5', 'openai/gpt-5', 'openai'],
    ['openai', 'gpt-5-pro', 'openai/gpt-5-pro', 'openai'],
    ['groq', 'llama-3.3-70b-versatile', 'meta-llama/llama-3.3-70b-instruct', 'groq'],
    ['together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', 'meta-llama/llama-3.3-70b-instruct', 'together'],
    ['together', 'zai-org/GLM-5.3', 'z-ai/glm-5.3', 'together'],
    [
      'amazon-bedrock',
      'global.anthropic.claude-haiku-4-5-20251001-v1:0',
      'anthropic/claude-haiku-4.5',
      'amazon-bedrock',
    ],
    ['amazon-bedrock', 'us.meta.llama3-3-70b-instruct-v1:0', 'meta-llama/llama-3.3-70b-instruct', 'amazon-bedrock/us'],
    ['amazon-bedrock', 'zai.glm-5.3', 'z-ai/glm-5.3', 'amazon-bedrock'],
    ['google-vertex', 'claude-haiku-4-5@20251001', 'anthropic/claude-haiku-4.5', 'google-vertex'],
    ['azure', 'gpt-5', 'openai/gpt-5', 'azure'],
    ['azure-anthropic', 'claude-haiku-4-5', 'anthropic/claude-haiku-4.5', 'azure-anthropic'],
    ['cloudflare', '@cf/zai-org/glm-5.3', 'z-ai/glm-5.3', 'cloudflare'],
    ['moonshotai', 'kimi-k3', 'moonshotai/kimi-k3', 'moonshotai'],
    ['moonshotai', 'kimi-k3-highspeed', 'moonshotai/kimi-k3', 'moonshotai/highspeed'],
    ['baseten', 'zai-org/GLM-5.3-Fast', 'z-ai/glm-5.3', 'baseten/fast'],
    ['ovhcloud', 'kimi-k3', 'moonshotai/kimi-k3', 'ovhcloud'],
    ['fireworks', 'accounts/fireworks/models/glm-5p3', 'z-ai/glm-5.3', 'fireworks'],
    ['fireworks', 'accounts/fireworks/routers/kimi-k3-fast', 'moonshotai/kimi-k3', 'fireworks/fast'],
  ])('%s %s is %s', (provider, name, model, tag) => {
    expect(matchModel(provider, name, names)).toEqual({ model, tag });
  });

  it.each([
    ['openai', 'o3-deep-research'],
    ['anthropic', 'claude-haiku-4-5-20251001'],
    ['fireworks', 'accounts/fireworks/routers/glm-5p3-spot'],
    ['fireworks', 'accounts/fireworks/routers/glm-latest'],
    ['mistral', 'mistral-large-latest'],
    ['openai', 'gpt-99'],
    ['z-ai', 'glm-5.3-turbo'],
    ['amazon-bedrock', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0'],
    ['azure', 'gpt-5-deep-research'],
    ['deepinfra', 'kimi-k3'],
  ])('%s %s is not used', (provider, name) => {
    expect(matchModel(provider, name, names)).toBeNull();
  });
});

const fixtures = fixturesDirectory();
const withFixtures = fixtures ? describe : describe.skip;
withFixtures(`the data files${fixtures ? '' : ' (skipped: no recorded catalogues, set SWITCHYARD_FIXTURES)'}`, () => {
  it('know which models of OpenAI answer at the Responses API alone', () => {
    const { models } = JSON.parse(
      readFileSync(path.join(fixtures ?? '', 'catalogue/litellm-prices-2026-08.json'), 'utf8'),
    ) as { models: Record<string, { litellm_provider?: string; mode?: string }> };
    const own = Object.entries(models).filter(([, row]) => row.litellm_provider === 'openai');
    const named = own.filter(([name]) => protocolFor('openai', name) === 'openai-responses').map(([name]) => name);
    const recorded = own.filter(([, row]) => row.mode === 'responses').map(([name]) => name);
    expect(recorded.length).toBeGreaterThan(20);
    expect(named.toSorted()).toEqual(recorded.toSorted());
  });

  it('are what the generator makes of the recorded catalogues', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-catalogue-'));
    try {
      execFileSync(process.execPath, [path.join(here, 'build-catalogue.ts'), folder], {
        env: { ...process.env, NODE_OPTIONS: '', SWITCHYARD_FIXTURES: fixtures ?? '' },
        timeout: 60_000,
      });
      const made = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
      expect(made.length).toBeGreaterThan(20);
      for (const name of made)
        expect({ name, text: readFileSync(path.join(folder, name), 'utf8') }).toEqual({
          name,
          text: readFileSync(path.join(here, '../data', name), 'utf8'),
        });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 90_000);
});
