import { aModel, anEndpoint } from '../../catalogue/testing/builders.js';
import { UNKNOWN_CONDITION } from '../../health/endpoint-condition.js';
import { catalogueOf, seededRandom } from '../testing/builders.js';
import { drawShares } from './draw-shares.js';
import { drawByPrice } from './weighted-draw.js';

const DRAWS = 20_000;

describe('the shares of a draw', () => {
  it.each([[[1, 2, 4]], [[3]], [[0.000_1, 0.000_3]], [[0, 0, 1]], [[1, 1, 1, 1]]])(
    'of prices %j are how often each is drawn',
    (prices) => {
      const endpoints = prices.map((usdPerMillion, index) => anEndpoint({ tag: `p${index}`, usdPerMillion }));
      const { endpoints: prepared } = catalogueOf(aModel({ endpoints })).find('acme/large')!;
      const contenders = prepared.map((one) => ({ prepared: one, condition: UNKNOWN_CONDITION }));
      const random = seededRandom(7);
      const counts = prepared.map(() => 0);
      for (let draw = 0; draw < DRAWS; draw += 1) counts[drawByPrice(contenders, random)]! += 1;
      const shares = drawShares(prepared.map(({ blendedPrice }) => blendedPrice));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      for (const [index, share] of shares.entries())
        expect(Math.abs(counts[index]! / DRAWS - share)).toBeLessThan(0.015);
    },
  );

  it('of nobody are none', () => {
    expect(drawShares([])).toEqual([]);
  });
});
