import { dialectOf } from '@switchyard/protocols';
import { anEndpoint } from '../catalogue/testing/builders.js';
import type { OrderedCandidate } from '../routing/index.js';
import { isStrict, strictCandidates } from './strict.js';

const candidate = (tag: string, supportedParameters: string[]): OrderedCandidate =>
  ({ endpoint: { ...anEndpoint({ tag }), supportedParameters } }) as OrderedCandidate;
const request = dialectOf('openai-chat').parseRequest({
  model: 'x',
  messages: [{ role: 'user', content: 'Hi' }],
  seed: 1,
  top_k: 2,
  user: 'someone',
});

describe('a request whose parameters must not be left out', () => {
  it('is one that says so', () => {
    expect(isStrict({})).toBe(false);
    expect(isStrict({ 'x-switchyard-strict': 'true' })).toBe(true);
    expect(isStrict({ 'x-switchyard-strict': 'false' })).toBe(false);
    expect(() => isStrict({ 'x-switchyard-strict': '1' })).toThrow(/must be true or false/);
  });

  it('goes only where all of them are taken', () => {
    const able = candidate('able', ['seed', 'top_k']);
    expect(strictCandidates(request, [candidate('half', ['seed']), able])).toEqual([able]);
  });

  it('is refused by the names of those that nobody takes, or that nobody takes together', () => {
    expect(() => strictCandidates(request, [candidate('half', ['seed'])])).toThrow(
      'No endpoint of the model takes top_k.',
    );
    expect(() => strictCandidates(request, [candidate('a', ['seed']), candidate('b', ['top_k'])])).toThrow(
      'No endpoint of the model takes all of top_k, seed.',
    );
  });
});
