import { dialectOf, sealedReasoning } from '@switchyard/protocols';
import { anEndpoint } from '../catalogue/testing/builders.js';
import type { OrderedCandidate } from '../routing/index.js';
import { unreadable, withAffinity } from './reasoning-affinity.js';

const candidate = (provider: string, model = 'acme/large'): OrderedCandidate =>
  ({ endpoint: { ...anEndpoint({ tag: provider }), provider }, model: { id: model } }) as unknown as OrderedCandidate;
const requestWith = (formats: readonly string[], provider: object = {}) =>
  dialectOf('openai-chat').parseRequest({
    model: 'x',
    provider,
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Hello',
        reasoning_details: formats.map((format) => ({ type: 'reasoning.encrypted', data: 'AAAA', format, index: 0 })),
      },
      { role: 'user', content: 'And?' },
    ],
  });
const claude = ['anthropic-claude-v1', 'anthropic-claude-v1'];
const ordered = (request: ReturnType<typeof requestWith>, candidates: readonly OrderedCandidate[]) =>
  withAffinity(request, sealedReasoning(request), candidates);
const namesOf = (candidates: readonly OrderedCandidate[]) => candidates.map(({ endpoint }) => endpoint.provider);

describe('a conversation with signed or encrypted reasoning', () => {
  it('goes to who can read it first, and to the others in their order after that', () => {
    const all = [candidate('groq'), candidate('openai'), candidate('anthropic')];
    expect(namesOf(ordered(requestWith(claude), all))).toEqual(['anthropic', 'groq', 'openai']);
    expect(namesOf(ordered(requestWith([]), all))).toEqual(['groq', 'openai', 'anthropic']);
  });

  it('stays with the first model, whoever can read it', () => {
    const all = [candidate('groq', 'acme/first'), candidate('anthropic', 'acme/second')];
    expect(namesOf(ordered(requestWith(claude), all))).toEqual(['groq', 'anthropic']);
  });

  it('follows an order that its client gives', () => {
    const all = [candidate('groq'), candidate('anthropic')];
    expect(namesOf(ordered(requestWith(claude, { order: ['groq'] }), all))).toEqual(['groq', 'anthropic']);
  });

  it('loses what an endpoint cannot read, piece by piece, and all of it where nobody knows the provider', () => {
    const sealed = [...claude, 'google-gemini-v1'];
    const lostAt = (provider: string) => unreadable(sealed, candidate(provider).endpoint);
    expect([lostAt('anthropic'), lostAt('google'), lostAt('groq'), lostAt('unheard')]).toEqual([1, 2, 3, 3]);
  });
});
