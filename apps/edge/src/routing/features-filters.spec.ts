import type { CatalogueModel } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { route } from './route.js';
import { aRequest, anInput } from './testing/builders.js';

const quiet = { trains: false, retains: false };
const model = aModel({
  endpoints: [
    anEndpoint({ tag: 'a', usdPerMillion: 1, supportedParameters: ['temperature'], quantization: 'fp8' }),
    anEndpoint({ tag: 'b', usdPerMillion: 2, supportedParameters: ['temperature', 'seed'], dataPolicy: quiet }),
    anEndpoint({ tag: 'c', usdPerMillion: 3, supportedParameters: ['seed'], quantization: 'bf16' }),
  ],
});

const routed = (request: Parameters<typeof aRequest>[0], models: readonly CatalogueModel[] = [model]) =>
  route(anInput({ models, random: () => 0, request: aRequest(request) }));
const tags = (...asked: Parameters<typeof routed>): string =>
  routed(...asked)
    .candidates.map(({ endpoint }) => endpoint.tag)
    .join();
const refusal = (...asked: Parameters<typeof routed>) => {
  const { candidates, error } = routed(...asked);
  expect(candidates).toEqual([]);
  return error!;
};
const countedBy = (reason: string, count: number) => ({ availability: { excluded_by: [{ reason, count }] } });

describe('filters, by the lines of the list of features', () => {
  it('C 38: max_price leaves dearer endpoints out, and nothing left is an error and no dear call', () => {
    const perMillion = (usd: bigint) => ({ prompt: usd * 1_000_000n, completion: usd * 1_000_000n });
    expect(tags({ provider: { maxPrice: perMillion(2n) } })).toBe('a,b');
    const error = refusal({ provider: { maxPrice: { prompt: 1n } } });
    expect([error.code, error.metadata]).toMatchObject(['no_endpoints', countedBy('max_price', 3)]);
  });

  it('C 39: require_parameters leaves out who lacks any parameter that was sent', () => {
    const parameters = ['temperature', 'seed'];
    expect(tags({ parameters, provider: { requireParameters: true } })).toBe('b');
    expect(tags({ parameters })).toBe('a,b,c');
    expect(refusal({ parameters: ['top_k'], provider: { requireParameters: true } }).metadata).toMatchObject(
      countedBy('require_parameters', 3),
    );
  });

  it('C 42: quantizations keeps only the levels that are listed', () => {
    expect(tags({ provider: { quantizations: ['fp8', 'bf16'] } })).toBe('a,c');
    expect(tags({ provider: { quantizations: ['unknown'] } })).toBe('b');
    expect(refusal({ provider: { quantizations: ['int4'] } }).metadata).toMatchObject(countedBy('quantization', 3));
  });

  it('C 44: enforce_distillable_text keeps only models that are known to allow it, which none is', () => {
    expect(refusal({ provider: { enforceDistillableText: true } }).metadata).toMatchObject(
      countedBy('distillable_text', 3),
    );
    expect(tags({ provider: { enforceDistillableText: false } })).toBe('a,b,c');
  });

  it('C 60: a prompt that is too long is a 400 with the sizes, and a limit that fits is kept', () => {
    const facts = (promptBytes: number) => ({ inputModalities: ['text'], outputModalities: ['text'], promptBytes });
    const small = aModel({ endpoints: [anEndpoint({ contextLength: 8_000 })] });
    const input = (promptBytes: number) => anInput({ models: [small], facts: facts(promptBytes) });
    const { error } = route(input(60_000));
    expect([error?.code, error?.definition.status]).toEqual(['context_length_exceeded', 400]);
    expect(error?.message).toContain("This endpoint's maximum context length is 8000 tokens.");
    expect(route(input(6_000)).candidates).toHaveLength(1);
  });
});
