import type { CompletionRequest, MaxPrice, Price } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../../catalogue/testing/builders.js';
import { route } from '../route.js';
import { aRequest, anInput } from '../testing/builders.js';

interface Asked {
  readonly price: Partial<Price>;
  readonly limits: MaxPrice;
  readonly request?: Partial<CompletionRequest>;
  readonly promptBytes?: number;
  readonly inputModalities?: string[];
}

/** Whether an endpoint of this price, 2 pico-dollars per token where it says nothing else, may serve. */
const serves = (asked: Asked): boolean => tiersOf(asked).length > 0;

/** The tiers in which it may. */
function tiersOf({ price, limits, request, promptBytes = 300, inputModalities = ['text'] }: Asked): unknown[] {
  const endpoint = anEndpoint({
    price: { version: 'v1', prompt: 2n, completion: 2n, ...price },
    inputModalities: ['text', ...inputModalities],
    contextLength: 1_000_000,
  });
  const { candidates } = route(
    anInput({
      models: [aModel({ endpoints: [endpoint] })],
      request: aRequest({ ...request, provider: { maxPrice: limits } }),
      facts: { inputModalities, outputModalities: ['text'], promptBytes },
    }),
  );
  return candidates.map(({ tier }) => tier);
}

describe('max_price', () => {
  it('lets the limit itself through and nothing above it, for each unit', () => {
    for (const unit of ['prompt', 'completion', 'request', 'image'] as const) {
      expect(serves({ price: { [unit]: 5n }, limits: { [unit]: 5n } })).toBe(true);
      expect(serves({ price: { [unit]: 6n }, limits: { [unit]: 5n } })).toBe(false);
    }
  });

  it('needs every limit to hold', () => {
    expect(serves({ price: { prompt: 1n, completion: 9n }, limits: { prompt: 2n, completion: 8n } })).toBe(false);
    expect(serves({ price: { prompt: 3n, completion: 8n }, limits: { prompt: 2n, completion: 8n } })).toBe(false);
    expect(serves({ price: { prompt: 2n, completion: 8n }, limits: { prompt: 2n, completion: 8n } })).toBe(true);
  });

  it('counts a unit without a price as free', () => {
    expect(serves({ price: {}, limits: { request: 0n, image: 0n } })).toBe(true);
  });

  it('takes the price of text for audio that has none of its own, where audio is read at all', () => {
    expect(serves({ price: {}, limits: { audio: 1n } })).toBe(true);
    expect(serves({ price: {}, limits: { audio: 1n }, inputModalities: ['audio'] })).toBe(false);
    expect(serves({ price: { audioInput: 1n }, limits: { audio: 1n }, inputModalities: ['audio'] })).toBe(true);
  });

  it('counts the discount', () => {
    expect(serves({ price: { prompt: 10n, discountPpm: 500_000 }, limits: { prompt: 5n } })).toBe(true);
    expect(serves({ price: { prompt: 10n, discountPpm: 499_999 }, limits: { prompt: 5n } })).toBe(false);
  });

  it('minds the price of a service tier only where it was asked for', () => {
    const price = { serviceTiers: { priority: { prompt: 4n, overrides: [{ minPromptTokens: 100_000, prompt: 9n }] } } };
    const priority = { serviceTier: 'priority' };
    expect(serves({ price, limits: { prompt: 3n } })).toBe(true);
    expect(tiersOf({ price, limits: { prompt: 3n }, request: priority })).toEqual([null]);
    expect(tiersOf({ price, limits: { prompt: 4n }, request: priority })).toEqual(['priority', null]);
    const long = { price, request: priority, promptBytes: 200_000 };
    expect(tiersOf({ ...long, limits: { prompt: 4n } })).toEqual([null]);
  });

  it('minds the dearer price of long prompts only where the prompt may be that long', () => {
    const price = { overrides: [{ minPromptTokens: 200_000, prompt: 4n }] };
    expect(serves({ price, limits: { prompt: 2n } })).toBe(true);
    expect(serves({ price, limits: { prompt: 2n }, promptBytes: 199_999 })).toBe(false);
    expect(serves({ price, limits: { prompt: 4n }, promptBytes: 250_000 })).toBe(true);
    // Nobody knows how many tokens a recording has.
    expect(serves({ price, limits: { prompt: 2n }, inputModalities: ['audio'] })).toBe(false);
  });

  it('minds the dearest hour of the day', () => {
    const price = { overrides: [{ utcStartMinute: 30, utcEndMinute: 31, completion: 3n }] };
    expect(serves({ price, limits: { completion: 2n } })).toBe(false);
    expect(serves({ price, limits: { completion: 3n } })).toBe(true);
  });
});

describe('the other hard preferences', () => {
  const served = (
    fields: Parameters<typeof anEndpoint>[0],
    provider: Partial<CompletionRequest['provider']>,
  ): boolean =>
    route(anInput({ models: [aModel({ endpoints: [anEndpoint(fields)] })], request: aRequest({ provider }) }))
      .candidates.length > 0;

  it('zdr asks that nothing is retained, data_collection "deny" that nothing is trained on either', () => {
    const trainer = { dataPolicy: { trains: true, retains: false } };
    const innocent = { dataPolicy: { trains: false, retains: false } };
    expect(served(trainer, { zdr: true })).toBe(true);
    expect(served(trainer, { dataCollection: 'deny' })).toBe(false);
    expect(served({ dataPolicy: { trains: false, retains: true } }, { dataCollection: 'deny' })).toBe(false);
    expect(served(innocent, { zdr: true, dataCollection: 'deny' })).toBe(true);
    expect(served({ dataPolicy: null }, { zdr: false, dataCollection: 'allow' })).toBe(true);
  });

  it('quantizations keeps an unknown level only where it is listed', () => {
    expect(served({ quantization: 'unknown' }, { quantizations: ['fp8', 'bf16'] })).toBe(false);
    expect(served({ quantization: 'unknown' }, { quantizations: ['fp8', 'unknown'] })).toBe(true);
    expect(served({ quantization: 'fp8' }, { quantizations: ['fp8'] })).toBe(true);
    expect(served({ quantization: 'fp8' }, { quantizations: [] })).toBe(true);
  });

  it('enforce_distillable_text leaves nothing, and false asks for nothing', () => {
    expect(served({}, { enforceDistillableText: true })).toBe(false);
    expect(served({}, { enforceDistillableText: false })).toBe(true);
  });
});
