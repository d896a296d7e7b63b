import { DIALECT_IDS } from '@switchyard/contracts';
import type { CatalogueEndpoint, CompletionRequest } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { anEndpoint } from '../catalogue/testing/builders.js';
import { canStep, holdModeOf } from './hold-mode.js';

const requestWith = (fields: object = {}) =>
  dialectOf('openai-chat').parseRequest({
    model: 'x',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });
const seen = anEndpoint({ tag: 'sandbox' });

describe('the way in which money is set aside', () => {
  it('is what the caller says, else what the operator set', () => {
    expect(holdModeOf({ 'x-switchyard-hold': 'stepped' }, 'full')).toBe('stepped');
    expect(holdModeOf({ 'x-switchyard-hold': 'full' }, 'stepped')).toBe('full');
    expect(holdModeOf({}, 'stepped')).toBe('stepped');
  });

  it.each(['', 'half', ['stepped', 'full']])('is refused when it is none (%j)', (value) => {
    expect(() => holdModeOf({ 'x-switchyard-hold': value }, 'full')).toThrow(/must be one of full, stepped/);
  });
});

describe('an answer that may be held in steps', () => {
  it('is a stream of text from a provider that stops its bill, in every format of clients', () => {
    for (const dialect of DIALECT_IDS) expect(canStep(requestWith(), [seen], dialect)).toBe(true);
  });

  it.each<readonly [string, CompletionRequest, readonly CatalogueEndpoint[]]>([
    ['comes in one piece', requestWith({ stream: false }), [seen]],
    ['has several choices', requestWith({ n: 2 }), [seen]],
    ['may search the web', requestWith({ web_search_options: {} }), [seen]],
    ['has one candidate whose provider bills to the end', requestWith(), [seen, anEndpoint({ tag: 'groq' })]],
    ['has a candidate of a provider that nobody knows', requestWith(), [anEndpoint({ tag: 'unheard' })]],
    [
      'may reason where nobody sees it',
      requestWith(),
      [{ ...seen, reasoning: { mandatory: false, efforts: [], defaultEffort: null, maxTokens: false } }],
    ],
    ['may draw', requestWith(), [{ ...seen, outputModalities: ['text', 'image'] }]],
  ])('is none that %s', (_, request, endpoints) => {
    expect(canStep(request, endpoints, 'openai-chat')).toBe(false);
  });
});
