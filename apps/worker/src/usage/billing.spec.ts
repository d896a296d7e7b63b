import { usageOf } from '@switchyard/contracts';
import type { Price } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { billingOf } from './usage-event.js';

const price: Price = { version: 'v1', prompt: 1_500n, completion: 2_700n, image: 10_000n, request: 100_000n };
const usage = usageOf({ source: 'reported', inputTokens: 3, inputImages: 1, outputTokens: 7, requests: 1 });
const call = { ownKey: null, boundNanos: 1_000_000n };
const bill = (fields: Partial<Parameters<typeof billingOf>[2]> = {}) =>
  billingOf(usage, costOf(usage, price, 0), { ...call, ...fields });

describe('what the client is shown as the bill', () => {
  it('is the cost, with the images in the part of the prompt and parts that never exceed the whole', () => {
    expect(bill()).toMatchObject({
      costNanos: 134n,
      listCostNanos: 134n,
      promptCostNanos: 15n,
      completionCostNanos: 19n,
      isOwnKey: false,
    });
  });

  it('is the fee with an own key, beside the list price', () => {
    const ownKey = { feePpm: 50_000 };
    expect(bill({ ownKey })).toMatchObject({ costNanos: 7n, listCostNanos: 134n, isOwnKey: true });
  });

  it('is never above what was held', () => {
    expect(bill({ boundNanos: 133n })).toMatchObject({ costNanos: 133n, listCostNanos: 134n });
  });
});
