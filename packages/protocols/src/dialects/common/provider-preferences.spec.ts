import { GatewayError, QUANTIZATIONS, formatPrice } from '@switchyard/contracts';
import type { ProviderPreferences } from '@switchyard/contracts';
import fc from 'fast-check';
import { bodyOf } from '../../testing/builders.js';
import { parseRequest } from '../openai-chat/parse-request.js';

const preferencesOf = (provider: unknown): ProviderPreferences => parseRequest(bodyOf({ provider })).provider;
const limitsOf = (maxPrice: unknown) => preferencesOf({ max_price: maxPrice }).maxPrice;

const faultOf = (provider: unknown): { message: string; path: unknown } => {
  try {
    preferencesOf(provider);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('invalid_request');
    return { message: error.message, path: error.metadata['path'] };
  }
  throw new Error('the preferences were accepted');
};

describe('provider.max_price', () => {
  it('is dollars per million tokens, and dollars per request, image and audio token', () => {
    const limits = { prompt: 1, completion: '2.5', request: 0.01, image: '0.000001', audio: 0 };
    expect(limitsOf(limits)).toEqual({
      prompt: 1_000_000n,
      completion: 2_500_000n,
      request: 10_000_000_000n,
      image: 1_000_000n,
      audio: 0n,
    });
  });

  it.each([
    [0.1, 100_000n],
    ['0.30000000000000004', 300_000n],
    [1e-6, 1n],
    ['1e-6', 1n],
    [1e-7, 0n],
    [5e-324, 0n],
    [-0, 0n],
    ['0.0000019', 1n],
    [1e21, 10n ** 27n],
    ['123456789012345678.123456', 123_456_789_012_345_678_123_456n],
  ])('reads %j without rounding on the way', (usd, picos) => {
    expect(limitsOf({ prompt: usd })).toEqual({ prompt: picos });
  });

  it('reads every price of a catalogue back as it was published, number or text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), (picos) => {
        const usd = formatPrice(picos);
        expect(limitsOf({ request: usd, image: Number(usd) })).toEqual({ request: picos, image: picos });
      }),
    );
  });

  it('takes null as no limit', () => {
    expect(limitsOf({ prompt: null, completion: 1 })).toEqual({ completion: 1_000_000n });
    expect(limitsOf({ prompt: null, other: null })).toEqual({});
    expect(limitsOf(null)).toBeUndefined();
  });

  it.each([
    [{ prompt: -1 }, 'prompt'],
    [{ completion: -1e-9 }, 'completion'],
    [{ prompt: '-1' }, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: ' 1' }, 'prompt'],
    [{ prompt: '1,5' }, 'prompt'],
    [{ prompt: '0x10' }, 'prompt'],
    [{ prompt: 'NaN' }, 'prompt'],
    [{ prompt: '9'.repeat(1_000) }, 'prompt'],
    [{ request: true }, 'request'],
    [{ image: {} }, 'image'],
    [{ audio: [1] }, 'audio'],
    [JSON.parse('{"prompt":1e400}'), 'prompt'],
  ])('refuses %j and names the place', (maxPrice, name) => {
    const { path, message } = faultOf({ max_price: maxPrice });
    expect(path).toBe(`provider.max_price.${name}`);
    expect(message).toBe(`${String(path)}: expected US dollars, zero or more, as a number or a decimal string`);
  });

  it('refuses a price of another name, which would limit nothing', () => {
    const { path, message } = faultOf({ max_price: { completions: 1 } });
    expect(path).toBe('provider.max_price.completions');
    expect(message).toContain('expected prompt, completion, request, image or audio');
  });

  it.each([[1], ['1'], [[]], [true]])('refuses %j instead of an object', (maxPrice) => {
    expect(faultOf({ max_price: maxPrice }).path).toBe('provider.max_price');
  });
});

describe('the other hard preferences', () => {
  it('are read, with null as absent, and leave nothing of themselves in extra', () => {
    const all = {
      zdr: true,
      data_collection: 'deny',
      quantizations: ['fp8', 'unknown'],
      enforce_distillable_text: true,
    };
    expect(preferencesOf({ ...all, novelty: 1 })).toEqual({
      allowFallbacks: true,
      requireParameters: false,
      zdr: true,
      dataCollection: 'deny',
      quantizations: ['fp8', 'unknown'],
      enforceDistillableText: true,
      extra: { novelty: 1 },
    });
    const nothing = { zdr: null, data_collection: null, quantizations: null, enforce_distillable_text: null };
    expect(preferencesOf(nothing)).toEqual({ allowFallbacks: true, requireParameters: false, extra: {} });
  });

  it('know every level of the catalogue', () => {
    expect(preferencesOf({ quantizations: [...QUANTIZATIONS] }).quantizations).toEqual([...QUANTIZATIONS]);
  });

  it.each([
    [{ zdr: 'true' }, 'provider.zdr'],
    [{ zdr: 1 }, 'provider.zdr'],
    [{ data_collection: 'never' }, 'provider.data_collection'],
    [{ data_collection: false }, 'provider.data_collection'],
    [{ quantizations: 'fp8' }, 'provider.quantizations'],
    [{ quantizations: ['fp8', 'fp7'] }, 'provider.quantizations[1]'],
    [{ quantizations: [8] }, 'provider.quantizations[0]'],
    [{ quantizations: Array.from({ length: 65 }, () => 'fp8') }, 'provider.quantizations'],
    [{ enforce_distillable_text: 'yes' }, 'provider.enforce_distillable_text'],
  ])('refuse %j and name the place', (provider, path) => {
    const fault = faultOf(provider);
    expect(fault.path).toBe(path);
    expect(fault.message.startsWith(`${path}: `)).toBe(true);
  });
});

describe('the soft preferences', () => {
  it('read sort as a word and as an object with a partition', () => {
    expect(preferencesOf({ sort: 'exacto' })).toMatchObject({ sort: 'exacto' });
    expect(preferencesOf({ sort: { by: 'latency', partition: 'none' } })).toMatchObject({
      sort: 'latency',
      sortPartition: 'none',
    });
    expect(preferencesOf({ sort: { partition: 'model' } })).toMatchObject({ sortPartition: 'model' });
    expect(preferencesOf({ sort: { by: null } }).sort).toBeUndefined();
  });

  it('read speeds as a median or by percentile, latency in seconds', () => {
    const read = preferencesOf({
      preferred_min_throughput: 40,
      preferred_max_latency: { p50: 0.5, p99: 3, p90: null },
    });
    expect(read.preferredMinThroughput).toEqual({ p50: 40 });
    expect(read.preferredMaxLatencyMs).toEqual({ p50: 500, p99: 3_000 });
    expect(read.extra).toEqual({});
    expect(preferencesOf({ preferred_min_throughput: {} }).preferredMinThroughput).toBeUndefined();
  });

  it.each([
    [{ sort: 'speed' }, 'provider.sort'],
    [{ sort: { by: 'price', partition: 'all' } }, 'provider.sort'],
    [{ sort: { by: 'price', partitions: 'none' } }, 'provider.sort'],
    [{ preferred_max_latency: -1 }, 'provider.preferred_max_latency'],
    [{ preferred_max_latency: { p95: 1 } }, 'provider.preferred_max_latency'],
    [{ preferred_min_throughput: '40' }, 'provider.preferred_min_throughput'],
  ])('refuse %j and name the place', (provider, path) => {
    expect(String(faultOf(provider).path).startsWith(path)).toBe(true);
  });
});

describe('route and plugins', () => {
  it('take route "sort" for a partition of none, unless sort says otherwise', () => {
    expect(parseRequest(bodyOf({ route: 'sort' })).provider.sortPartition).toBe('none');
    expect(parseRequest(bodyOf({ route: 'fallback' })).provider.sortPartition).toBeUndefined();
    const both = bodyOf({ route: 'sort', provider: { sort: { partition: 'model' } } });
    expect(parseRequest(both).provider.sortPartition).toBe('model');
    expect(() => parseRequest(bodyOf({ route: 'other' }))).toThrow('route');
  });

  it('read the options of the auto router and of the web search', () => {
    const plugins = [
      { id: 'auto-router', allowed_models: ['anthropic/*'], excluded_models: ['*/mini'], cost_tier: 'high' },
      { id: 'web', max_results: 3, user_location: { country: 'CH' } },
      { id: 'response-healing' },
    ];
    expect(parseRequest(bodyOf({ plugins }))).toMatchObject({
      autoRouter: { allowedModels: ['anthropic/*'], excludedModels: ['*/mini'], costTier: 'high' },
      webPlugin: { user_location: { country: 'CH' } },
    });
    const off = parseRequest(bodyOf({ plugins: [{ id: 'web', enabled: false }] }));
    expect(off.webPlugin).toBeUndefined();
    expect(off.extra).toEqual({});
  });

  it.each([
    [[{ id: 'web', engine: 'exa' }], 'plugins[0].engine'],
    [[{ id: 'web' }, { id: 'web', include_domains: ['a.example'] }], 'plugins[1].include_domains'],
    [[{ id: 'auto-router', cost_tier: 'cheap' }], 'plugins[0].cost_tier'],
    [[{}], 'plugins[0].id'],
  ])('refuse %j, which would not do what it says, with its place', (plugins, path) => {
    expect(() => parseRequest(bodyOf({ plugins }))).toThrow(expect.objectContaining({ metadata: { path } }));
  });
});
