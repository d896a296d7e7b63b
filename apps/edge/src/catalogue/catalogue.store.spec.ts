import { CatalogueStore } from './catalogue.store.js';
import { aModel, anEndpoint } from './testing/builders.js';

describe('the catalogue store', () => {
  it('finds a model by its id and by its canonical slug, case as given', () => {
    const store = new CatalogueStore();
    store.put(aModel({ id: 'acme/large', canonicalSlug: 'acme/large-20260101' }));
    expect(store.find('acme/large')?.model.id).toBe('acme/large');
    expect(store.find('acme/large-20260101')?.model.id).toBe('acme/large');
    for (const id of ['acme/Large', 'acme', '', '__proto__', 'constructor', 'acme/large\n', '*', 'acme/>'])
      expect(store.find(id)).toBeUndefined();
  });

  it('means the model without variant by a slug that several share', () => {
    const store = new CatalogueStore();
    store.put(aModel({ id: 'acme/large:free', canonicalSlug: 'acme/large-1' }));
    expect(store.find('acme/large-1')?.model.id).toBe('acme/large:free');
    store.put(aModel({ id: 'acme/large', canonicalSlug: 'acme/large-1' }));
    expect(store.find('acme/large-1')?.model.id).toBe('acme/large');
    store.remove('acme/large');
    expect(store.find('acme/large-1')?.model.id).toBe('acme/large:free');
  });

  it('forgets the old slug of a model that changed', () => {
    const store = new CatalogueStore();
    store.put(aModel({ canonicalSlug: 'old' }));
    store.put(aModel({ canonicalSlug: 'new' }));
    expect([store.find('old'), store.find('new')?.model.id]).toEqual([undefined, 'acme/large']);
    store.remove('acme/large');
    expect([store.find('new'), store.size]).toEqual([undefined, 0]);
  });

  it('has a new revision after every change and none after a change of nothing', () => {
    const store = new CatalogueStore();
    store.put(aModel());
    const { revision } = store;
    store.remove('acme/none');
    expect(store.revision).toBe(revision);
    store.remove('acme/large');
    expect(store.revision).toBeGreaterThan(revision);
  });

  it('lists models by id and their endpoints by blended price', () => {
    const store = new CatalogueStore();
    const endpoints = [3, 1, 2].map((usdPerMillion) => anEndpoint({ tag: `p${usdPerMillion}`, usdPerMillion }));
    store.put(aModel({ id: 'b/b', endpoints }));
    store.put(aModel({ id: 'a/a' }));
    expect(store.models().map(({ model }) => model.id)).toEqual(['a/a', 'b/b']);
    expect(store.find('b/b')?.endpoints.map(({ endpoint }) => endpoint.tag)).toEqual(['p1', 'p2', 'p3']);
  });
});
