import { CatalogueEndpoint } from '@switchyard/contracts';
import { attemptCall, wireOf } from '../testing/call.js';
import { isSameJson, KnownEndpoints } from './known-endpoints.js';

type Fields = Record<string, unknown>;

/** An endpoint as it comes: another object every time. */
const wire = (changes: Fields = {}): Fields => ({
  ...(JSON.parse(JSON.stringify((wireOf(attemptCall()) as { endpoint: Fields }).endpoint)) as Fields),
  ...changes,
});

describe('the endpoints of earlier calls', () => {
  it('are the same object as long as they say the same', () => {
    const known = new KnownEndpoints();
    const first = known.read(wire());
    expect(first.data).toEqual(CatalogueEndpoint.parse(wire()));
    expect(known.read(wire()).data).toBe(first.data);
  });

  it('are read anew when a price of them differs, and back again', () => {
    const known = new KnownEndpoints();
    const price = wire()['price'] as Fields;
    const cheap = known.read(wire()).data;
    const dear = known.read(wire({ price: { ...price, prompt: '2000000' } })).data;
    expect(dear?.price.prompt).toBe(2_000_000n);
    expect(known.read(wire()).data?.price).toEqual(cheap?.price);
  });

  it('are refused every time when they break the contract', () => {
    const known = new KnownEndpoints();
    known.read(wire());
    for (let time = 0; time < 2; time++) expect(known.read(wire({ contextLength: 'long' })).success).toBe(false);
    for (const nothing of [undefined, null, 1, 'x', []]) expect(known.read(nothing).success).toBe(false);
  });
});

describe('JSON that says the same', () => {
  it.each([
    [{ a: 1, b: [1, { c: null }] }, true],
    [{ b: [1, { c: null }], a: 1 }, false],
    [{ a: 1, b: [1, { c: 0 }] }, false],
    [{ a: 1, b: [1] }, false],
    [{ a: 1, b: { 0: 1, 1: { c: null } } }, false],
    [{ a: 1 }, false],
    [null, false],
  ])('%j: %s', (other, same) => {
    expect(isSameJson({ a: 1, b: [1, { c: null }] }, other)).toBe(same);
  });
});
