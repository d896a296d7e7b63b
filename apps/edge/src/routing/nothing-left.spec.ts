import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { route } from './route.js';
import { aRequest, anInput } from './testing/builders.js';

const model = aModel({
  endpoints: [
    anEndpoint({ tag: 'a', contextLength: 8_000, maxCompletionTokens: 1_000 }),
    anEndpoint({ tag: 'b', contextLength: 16_000, maxCompletionTokens: 4_000, usdPerMillion: 2 }),
  ],
});
const failure = (fields: Partial<Parameters<typeof anInput>[0]>) => {
  const { error, candidates } = route(anInput({ models: [model], ...fields }));
  expect(candidates).toEqual([]);
  return error!;
};

describe('the error when nothing is left', () => {
  it('names a model that does not exist', () => {
    for (const id of [
      'acme/none',
      'acme/large:sparkly',
      'acme/large:nitro:sparkly',
      '',
      ':nitro',
      '__proto__',
      'a/*.>',
    ]) {
      const error = failure({ request: aRequest({ models: [id] }) });
      expect([error.code, error.message]).toEqual(['invalid_model', `${id} is not a valid model ID`]);
      expect(error.metadata['availability']).toMatchObject({ code: 'model_not_found', retryable: false });
    }
  });

  it('refuses an unknown model among known ones, so that a typo is never served by its fallback', () => {
    const error = failure({ request: aRequest({ models: ['acme/lrage', 'acme/large'] }) });
    expect(error.message).toBe('acme/lrage is not a valid model ID');
    expect(error.metadata['availability']).toMatchObject({
      requested_models: ['acme/lrage', 'acme/large'],
      fallback_models: ['acme/large'],
    });
  });

  it('quotes at most 200 characters of what a client calls a model', () => {
    const error = failure({ request: aRequest({ models: ['x'.repeat(100_000)] }) });
    expect(error.message.length).toBeLessThan(300);
    expect(JSON.stringify(error.metadata).length).toBeLessThan(600);
  });

  it('asks for a model when there is none', () => {
    expect(failure({ request: aRequest({ models: [] }) }).message).toBe('No models provided');
  });

  it('says so when the model has no endpoint', () => {
    const error = failure({ models: [aModel({ endpoints: [] })] });
    expect([error.code, error.message]).toEqual(['no_endpoints', 'No endpoints found for acme/large.']);
    expect(error.metadata['availability']).toMatchObject({ code: 'no_endpoints', excluded_by: [] });
  });

  it('counts what each rule left out', () => {
    const error = failure({ request: aRequest({ provider: { only: ['b'], ignore: ['b'] } }) });
    expect([error.code, error.message]).toEqual([
      'no_endpoints',
      'No allowed providers are available for the selected model',
    ]);
    expect(error.metadata['availability']).toEqual({
      code: 'constraint_filtered',
      retryable: false,
      requested_models: ['acme/large'],
      affected_providers: ['a', 'b'],
      excluded_by: [
        { reason: 'allowed_providers', count: 1 },
        { reason: 'ignored_providers', count: 1 },
      ],
      fallback_models: [],
    });
  });

  it('says that an order without fallbacks lists nobody', () => {
    const error = failure({ request: aRequest({ provider: { order: ['z'], allowFallbacks: false } }) });
    expect(error.message).toBe('No allowed providers are available for the selected model');
  });

  it('says which data policy nobody keeps, where an unknown one counts as the worst', () => {
    const cases = [
      [{ zdr: true }, 'Zero data retention', 'data_policy:zdr', 'provider.zdr'],
      [{ dataCollection: 'deny' }, 'No data collection', 'data_policy:training', 'provider.data_collection'],
    ] as const;
    for (const [provider, words, reason, field] of cases) {
      const error = failure({ request: aRequest({ provider }) });
      expect([error.code, error.message]).toEqual([
        'no_endpoints',
        `No endpoints found matching your data policy (${words})`,
      ]);
      expect(error.metadata['availability']).toMatchObject({
        code: 'privacy_restricted',
        retryable: false,
        excluded_by: [{ reason, count: 2 }],
        constraint: { field, detail: expect.stringContaining('not known') },
      });
    }
  });

  it('says that no model is known to allow distillation', () => {
    const error = failure({ request: aRequest({ provider: { enforceDistillableText: true } }) });
    expect(error.message).toContain('no model of the catalogue is known to allow distillation');
    expect(error.metadata['availability']).toMatchObject({
      code: 'constraint_filtered',
      excluded_by: [{ reason: 'distillable_text', count: 2 }],
      constraint: { field: 'provider.enforce_distillable_text' },
    });
  });

  it('names the levels that there are when none of them is listed', () => {
    const error = failure({ request: aRequest({ provider: { quantizations: ['fp8'] } }) });
    expect(error.metadata['availability']).toMatchObject({
      code: 'constraint_filtered',
      excluded_by: [{ reason: 'quantization', count: 2 }],
      constraint: { field: 'provider.quantizations', detail: 'The endpoints run at unknown.' },
    });
  });

  it('names the lowest prices when all are over the limit, and is no dear call', () => {
    const error = failure({ request: aRequest({ provider: { maxPrice: { prompt: 999_999n } } }) });
    expect([error.code, error.message]).toEqual(['no_endpoints', 'No endpoints found within provider.max_price']);
    expect(error.metadata['availability']).toMatchObject({
      code: 'constraint_filtered',
      excluded_by: [{ reason: 'max_price', count: 2 }],
      constraint: { field: 'provider.max_price', detail: expect.stringContaining('$1 and $1 per million') },
    });
  });

  it('says that no endpoint supports all parameters', () => {
    const request = aRequest({ parameters: ['seed', 'temperature'], provider: { requireParameters: true } });
    expect(failure({ request }).message).toBe('No endpoints found that can handle the requested parameters');
  });

  it('names the largest max_tokens that would do', () => {
    const error = failure({ request: aRequest({ maxTokens: 5_000 }) });
    expect(error.message).toBe('No endpoints found that can handle the requested parameters');
    expect(error.metadata['availability']).toMatchObject({
      constraint: { field: 'max_tokens', detail: expect.stringContaining('4000') },
    });
  });

  it('names the modality that the model can not read', () => {
    const facts = { inputModalities: ['text', 'image'], outputModalities: ['text'], promptBytes: 10 };
    expect(failure({ facts }).message).toBe('No endpoints found that support image input');
  });

  it('refuses what can not be given back', () => {
    const facts = { inputModalities: ['text'], outputModalities: ['image'], promptBytes: 10 };
    expect(failure({ facts }).message).toContain('text, image');
  });

  it('answers 503 with a time to retry when only the workers are missing', () => {
    const error = failure({ servedProviders: new Set(['c']) });
    expect([error.code, error.retryAfterMs]).toEqual(['worker_unavailable', 1_000]);
    expect(error.metadata['availability']).toMatchObject({ code: 'temporarily_unavailable', retryable: true });
  });

  it('leaves out providers that this release does not know', () => {
    const error = failure({ knownProviders: new Set(['z']) });
    expect(error.message).toBe('No endpoints found for acme/large.');
    expect(error.metadata['availability']).toMatchObject({ excluded_by: [{ reason: 'unknown_provider', count: 2 }] });
  });
});

describe('a prompt that is too long', () => {
  const facts = (promptBytes: number) => ({ inputModalities: ['text'], outputModalities: ['text'], promptBytes });

  it('is refused in the words of OpenRouter when it is clearly longer than every context', () => {
    const tools = [{ name: 'look', parameters: { type: 'object' } }];
    const error = failure({ facts: facts(150_000), request: aRequest({ maxTokens: 900, tools }) });
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toMatch(
      /^This endpoint's maximum context length is 16000 tokens\. However, you requested about 50900 tokens \(\d+ of text input, \d+ of tool input, 900 in the output\)\./,
    );
  });

  it('counts max_tokens against the context', () => {
    const tall = aModel({ endpoints: [anEndpoint({ contextLength: 1_000 })] });
    const error = failure({ models: [tall], request: aRequest({ maxTokens: 1_000 }) });
    expect(error.code).toBe('context_length_exceeded');
  });

  it('goes to the endpoint with room for it', () => {
    const { candidates } = route(anInput({ models: [model], facts: facts(30_000) }));
    expect(candidates.map(({ endpoint }) => endpoint.tag)).toEqual(['b']);
  });

  it('is left to the provider to judge where a guess from bytes can not tell', () => {
    const { candidates } = route(anInput({ models: [model], facts: facts(60_000) }));
    expect(candidates.map(({ endpoint }) => endpoint.tag)).toEqual(['b']);
  });

  it('respects a limit on the prompt alone', () => {
    const narrow = aModel({ endpoints: [anEndpoint({ contextLength: 100_000, maxPromptTokens: 100 })] });
    expect(failure({ models: [narrow], facts: facts(6_000) }).code).toBe('context_length_exceeded');
  });
});
