import type { CatalogueEndpoint, Price } from '@switchyard/contracts';
import { effectivePrice } from '@switchyard/pricing';
import fc from 'fast-check';
import { route } from './route.js';
import { inputOf, scenario } from './testing/scenario.js';
import type { Scenario } from './testing/scenario.js';

const RUNS = { numRuns: 1_500 };

describe('routing, whatever is asked of it', () => {
  it('never lets a forbidden endpoint through', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        for (const { endpoint } of route(inputOf(one)).candidates) {
          const called = (list: readonly string[]): boolean => list.some((slug) => calls(slug, endpoint));
          const { only, ignore, order, allowFallbacks, requireParameters } = one.provider;
          if (only?.length) expect(called(only)).toBe(true);
          if (ignore) expect(called(ignore)).toBe(false);
          if (order?.length && !allowFallbacks) expect(called(order)).toBe(true);
          if (requireParameters) expect(endpoint.supportedParameters).toEqual(expect.arrayContaining(one.parameters));
          expect(endpoint.inputModalities).toEqual(expect.arrayContaining(one.inputModalities));
          expect(endpoint.outputModalities).toContain('text');
          expect(one.maxTokens ?? 0).toBeLessThanOrEqual(endpoint.maxCompletionTokens ?? Infinity);
          expect((one.maxTokens ?? 0) + one.promptBytes / 6).toBeLessThanOrEqual(endpoint.contextLength);
          if (one.known) expect(one.known).toContain(endpoint.provider);
          expect(one.dead).not.toContain(endpoint.provider);
        }
      }),
      RUNS,
    );
  });

  it('never lets an endpoint through that violates a hard preference', () => {
    let held = 0;
    fc.assert(
      fc.property(scenario, (any) => {
        // Short prompts and no lists: what is looked at here has to get as far as these rules.
        const one = { ...any, known: undefined, maxTokens: undefined, inputModalities: [], dead: [] };
        one.promptBytes = Math.min(any.promptBytes, 500);
        one.provider = {
          ...any.provider,
          only: undefined,
          ignore: undefined,
          order: undefined,
          requireParameters: false,
        };
        const { maxPrice = {}, zdr, dataCollection, quantizations, enforceDistillableText } = one.hard;
        for (const { endpoint } of route(inputOf(one)).candidates) {
          if (zdr) expect(endpoint.dataPolicy).toMatchObject({ retains: false });
          if (dataCollection === 'deny') expect(endpoint.dataPolicy).toEqual({ trains: false, retains: false });
          if (quantizations?.length) expect(quantizations).toContain(endpoint.quantization);
          expect(enforceDistillableText ?? false).toBe(false);
          const pays = pricesAt(endpoint, one);
          for (const [unit, limit] of Object.entries(maxPrice)) {
            held += 1;
            expect(pays[unit as keyof typeof pays]).toBeLessThanOrEqual(Number(limit));
          }
        }
      }),
      RUNS,
    );
    // Where nothing is ever let through nothing is shown.
    expect(held).toBeGreaterThan(100);
  });

  it('keeps what is free whatever max_price says, unless something else is against it', () => {
    const free: Price = { version: 'v1', prompt: 0n, completion: 0n };
    const limit = { prompt: 0n, completion: 0n, request: 0n, image: 0n, audio: 0n };
    fc.assert(
      fc.property(scenario, (one) => {
        const models = one.models.map((each) => ({
          ...each,
          endpoints: each.endpoints.map((endpoint) => ({ ...endpoint, price: free })),
        })) as unknown as Scenario['models'];
        const unlimited = route(inputOf({ ...one, models, hard: {} }));
        expect(route(inputOf({ ...one, models, hard: { maxPrice: limit } })).verdicts).toEqual(unlimited.verdicts);
      }),
      { numRuns: 300 },
    );
  });

  it('answers a permutation of the endpoints that it kept, or an error, and judges each endpoint once', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { candidates, verdicts, error } = route(inputOf(one));
        const kept = verdicts.filter((verdict) => verdict.kept).map((verdict) => verdict.endpointId);
        expect(candidates.map(({ endpoint }) => endpoint.id)).toEqual(kept);
        expect(new Set(kept).size).toBe(kept.length);
        expect(error === undefined).toBe(candidates.length > 0);
        const asked = new Set(one.asked.map((id) => id.split(':', 1)[0]));
        const all = one.models.filter(({ id }) => asked.has(id)).flatMap(({ endpoints }) => endpoints);
        expect(verdicts.map(({ endpointId }) => endpointId).sort()).toEqual(all.map(({ id }) => id).sort());
      }),
      RUNS,
    );
  });

  it('gives the same order for the same seed', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        expect(route(inputOf(one)).candidates).toEqual(route(inputOf(one)).candidates);
      }),
      { numRuns: 300 },
    );
  });

  it('is never emptied by a soft preference', () => {
    fc.assert(
      fc.property(scenario, fc.subarray(['tools', 'response_format', 'verbosity']), (one, soft) => {
        const relaxed = { ...one, provider: { ...one.provider, requireParameters: false } };
        const without = route(inputOf({ ...relaxed, parameters: [] })).candidates.length;
        const withSoft = route(inputOf({ ...relaxed, parameters: soft })).candidates.length;
        expect(withSoft > 0).toBe(without > 0);
        expect(withSoft).toBeLessThanOrEqual(without);
      }),
      RUNS,
    );
  });

  it('never drops an endpoint for its health', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const fallbacks = { ...one, provider: { ...one.provider, allowFallbacks: true } };
        const sick = route(inputOf(fallbacks)).candidates.map(({ endpoint }) => endpoint.id);
        const well = route(inputOf({ ...fallbacks, states: {} })).candidates.map(({ endpoint }) => endpoint.id);
        expect(sick.sort()).toEqual(well.sort());
      }),
      RUNS,
    );
  });

  it('puts ejected endpoints of a model behind all its others', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const fallbacks = { ...one, provider: { ...one.provider, allowFallbacks: true } };
        const perModel = Map.groupBy(route(inputOf(fallbacks)).candidates, (candidate) => candidate.model.id);
        for (const candidates of perModel.values()) {
          const ejected = candidates.map(({ endpoint }) => one.states[endpoint.tag] === 'ejected');
          expect(ejected).toEqual(ejected.toSorted((left, right) => Number(left) - Number(right)));
        }
      }),
      RUNS,
    );
  });
});

/** What the units cost at some minute of the day and for the longest prompt of so many bytes, as the bill would have it. */
function pricesAt({ price, inputModalities, contextLength }: CatalogueEndpoint, { minute, promptBytes }: Scenario) {
  const atMs = minute * 60_000;
  const { inputTokens, outputTokens, requests, audioInputTokens } = effectivePrice(price, {
    // A byte is at most a token, and no prompt is longer than the context.
    promptTokens: Math.min(promptBytes, contextLength),
    admittedAtMs: atMs,
  });
  const paid = (amount: bigint): number => (Number(amount) * (1_000_000 - (price.discountPpm ?? 0))) / 1_000_000;
  return {
    prompt: paid(inputTokens),
    completion: paid(outputTokens),
    request: paid(requests),
    image: paid(price.image ?? 0n),
    audio: inputModalities.includes('audio') ? paid(audioInputTokens) : 0,
  };
}

/** The slug rule of the documentation, said a second time and differently. */
function calls(slug: string, { tag, provider }: CatalogueEndpoint): boolean {
  const isTier = tag.endsWith('/priority') || tag.endsWith('/flex');
  return slug === tag || (!isTier && slug === provider);
}
