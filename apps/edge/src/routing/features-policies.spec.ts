import { GatewayError } from '@switchyard/contracts';
import type { ApiKey, CompletionRequest, KeyPolicies, ProviderPreferences } from '@switchyard/contracts';
import fc from 'fast-check';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { policiesOf, underPolicies } from './policies.js';
import { route } from './route.js';
import { aRequest, anInput } from './testing/builders.js';

const open = { trains: false, retains: false };
const model = aModel({
  endpoints: [
    anEndpoint({ tag: 'a', usdPerMillion: 1, quantization: 'fp8' }),
    anEndpoint({ tag: 'b', usdPerMillion: 2, quantization: 'fp8', dataPolicy: open }),
    anEndpoint({ tag: 'c', usdPerMillion: 3, quantization: 'bf16', dataPolicy: open }),
    anEndpoint({ tag: 'd', usdPerMillion: 4, quantization: 'bf16', dataPolicy: { trains: true, retains: false } }),
  ],
});
const other = aModel({ id: 'beta/small', endpoints: [anEndpoint({ tag: 'z', usdPerMillion: 1 })] });

interface Policy {
  readonly defaultModel?: string;
  readonly allowedModels?: string[];
  readonly ignoredModels?: string[];
  readonly provider?: Record<string, unknown>;
}
const policy = (fields: Policy | undefined): KeyPolicies['key'] =>
  fields ? { defaultModel: null, allowedModels: null, ignoredModels: [], provider: {}, ...fields } : null;
const policiesFor = (key?: Policy, workspace?: Policy) =>
  policiesOf({ routing: { key: policy(key), workspace: policy(workspace) } } as ApiKey);

function routed(request: CompletionRequest, key?: Policy, workspace?: Policy) {
  const policies = policiesFor(key, workspace);
  return route(
    anInput({ models: [model, other], random: () => 0, policies, request: underPolicies(request, policies) }),
  );
}
const tags = (...asked: Parameters<typeof routed>): string =>
  routed(...asked)
    .candidates.map(({ endpoint }) => endpoint.tag)
    .join();
const wishing = (provider: Partial<ProviderPreferences>) => aRequest({ provider });

describe('what an account settles', () => {
  it('C 41: a request cannot relax the data policy of its key or workspace', () => {
    const loose = wishing({ zdr: false, dataCollection: 'allow' });
    expect(tags(loose)).toBe('a,b,c,d');
    expect(tags(loose, { provider: { data_collection: 'deny' } })).toBe('b,c');
    expect(tags(loose, undefined, { provider: { zdr: true } })).toBe('b,c,d');
    const { error } = routed(aRequest({ models: ['beta/small'] }), undefined, { provider: { zdr: true } });
    expect(error?.metadata['availability']).toMatchObject({
      code: 'privacy_restricted',
      excluded_by: [{ reason: 'data_policy:zdr', count: 1 }],
      constraint: { field: 'provider.zdr', detail: expect.stringContaining('settled for the workspace') },
    });
  });

  it('C 34: its lists of providers and those of the request both hold, and nothing left says so', () => {
    expect(tags(wishing({ only: ['a', 'b'] }), { provider: { only: ['b', 'c'] } })).toBe('b');
    expect(tags(wishing({ ignore: ['a'] }), { provider: { ignore: ['b'] } }, { provider: { ignore: ['c'] } })).toBe(
      'd',
    );
    const { error } = routed(wishing({ only: ['a'] }), { provider: { only: ['b'] } });
    expect([error?.code, error?.message]).toEqual([
      'no_endpoints',
      'No allowed providers are available for the selected model',
    ]);
    expect(error?.metadata['availability']).toMatchObject({
      excluded_by: [{ reason: 'allowed_providers', count: 4 }],
      constraint: { detail: expect.stringContaining('settled for the API key') },
    });
  });

  it('keeps prices and quantizations within its own, whatever the request allows', () => {
    const dear = wishing({ maxPrice: { prompt: 9_000_000n }, quantizations: ['fp8', 'bf16'] });
    expect(tags(dear, { provider: { max_price: { prompt: 3 } } })).toBe('a,b,c');
    expect(tags(dear, { provider: { max_price: { prompt: 3 }, quantizations: ['bf16'] } })).toBe('c');
  });

  it('lets only allowed models through, also as fallbacks and for routers', () => {
    const both = aRequest({ models: ['acme/large', 'beta/small'] });
    expect(tags(both, { allowedModels: ['beta/*'] })).toBe('z');
    expect(tags(both, { ignoredModels: ['beta/small'] })).toBe('a,b,c,d');
    expect(tags(aRequest({ models: ['openrouter/auto'] }), { allowedModels: ['beta/*'] })).toBe('z');
    expect(routed(aRequest(), { allowedModels: ['beta/*'] }).error).toMatchObject({
      code: 'no_endpoints',
      message: 'No endpoints found for models that are allowed to you',
    });
  });

  it('A 16: serves the default model where the request names none, the key’s before the workspace’s', () => {
    const none = aRequest({ models: [] });
    expect(tags(none, { defaultModel: 'beta/small' }, { defaultModel: 'acme/large' })).toBe('z');
    expect(tags(none, undefined, { defaultModel: 'acme/large' })).toBe('a,b,c,d');
    expect(tags(aRequest(), { defaultModel: 'beta/small' })).toBe('a,b,c,d');
    expect(routed(none, {}).error).toMatchObject({ code: 'invalid_model', message: 'No models provided' });
  });

  it('C 36: its sort is the default, and that of the request wins', () => {
    const dearFirst = { provider: { order: ['d', 'c'] } };
    expect(tags(aRequest(), dearFirst)).toBe('d,c,a,b');
    expect(tags(wishing({ sort: 'price' }), dearFirst)).toBe('a,b,c,d');
    expect(tags(wishing({ order: ['b'] }), dearFirst)).toBe('b,a,c,d');
    expect(tags(aRequest({ models: ['acme/large:floor'] }), dearFirst)).toBe('a,b,c,d');
    expect(tags(wishing({ allowFallbacks: true }), { provider: { sort: 'price', allow_fallbacks: false } })).toBe('a');
  });

  it('refuses rather than ignores what it cannot read', () => {
    expect(() => policiesFor({ provider: { zdr: 'yes' } })).toThrow(GatewayError);
  });

  it('never lets a request reach what the policies alone would not', () => {
    const slugs = fc.subarray(['a', 'b', 'c', 'd']);
    const own = fc.record(
      { only: slugs, ignore: slugs, zdr: fc.boolean(), dataCollection: fc.constantFrom('allow', 'deny') },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Partial<ProviderPreferences>>;
    const settled = fc.record(
      { only: slugs, ignore: slugs, zdr: fc.boolean(), data_collection: fc.constantFrom('allow', 'deny') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(own, settled, settled, (provider, key, workspace) => {
        const settledBy = [{ provider: key }, { provider: workspace }] as const;
        const alone = new Set(tags(aRequest(), ...settledBy).split(','));
        const reached = tags(wishing(provider), ...settledBy);
        return reached === '' || reached.split(',').every((tag) => alone.has(tag));
      }),
      { seed: 41, numRuns: 300 },
    );
  });
});
