import { aModel } from '../testing/builders.js';
import { faultsOf } from './model-faults.js';

const pathsOf = (outputModalities: string[], price: object) =>
  faultsOf(aModel('acme/job', { endpoint: { outputModalities }, price }), { previous: null }).map(({ path }) => path);

describe('a price of zero', () => {
  it('is right for the output of what has none', () => {
    expect(pathsOf(['embeddings'], { completion: 0n })).toEqual([]);
    expect(pathsOf(['text'], { completion: 0n })).toEqual(['endpoints[0].price.completion']);
  });

  it('is right for the input of a rerank that is paid for by the request, and for no other', () => {
    const byRequest = { prompt: 0n, completion: 0n, request: 2_000_000_000n };
    expect(pathsOf(['rerank'], byRequest)).toEqual([]);
    expect(pathsOf(['rerank'], { prompt: 0n, completion: 0n })).toEqual(['endpoints[0].price.prompt']);
    expect(pathsOf(['text'], byRequest)).toEqual(['endpoints[0].price.prompt', 'endpoints[0].price.completion']);
  });
});
