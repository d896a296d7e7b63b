import { anEndpoint } from '../catalogue/testing/builders.js';
import { pinnedEndpoint } from './pinned-endpoint.js';

const plain = anEndpoint();
const tiered = anEndpoint({
  price: {
    version: 'v1',
    prompt: 2n,
    completion: 2n,
    serviceTiers: { flex: { prompt: 1n }, priority: { prompt: 3n } },
  },
});

describe('an endpoint under the price of a tier', () => {
  it('is itself where its price has no tiers', () => {
    expect(pinnedEndpoint(plain, null)).toBe(plain);
    expect(pinnedEndpoint(plain, 'flex')).toBe(plain);
  });

  it('knows the row of its own tier alone, and is the same for every request', () => {
    expect(pinnedEndpoint(tiered, null).price).toEqual({ version: 'v1', prompt: 2n, completion: 2n });
    expect(pinnedEndpoint(tiered, 'flex').price.serviceTiers).toEqual({ flex: { prompt: 1n } });
    for (const tier of [null, 'flex', 'priority'] as const)
      expect(pinnedEndpoint(tiered, tier)).toBe(pinnedEndpoint(tiered, tier));
    expect(pinnedEndpoint({ ...tiered }, 'flex')).not.toBe(pinnedEndpoint(tiered, 'flex'));
  });
});
