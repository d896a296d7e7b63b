import type { Price } from '@switchyard/contracts';
import { costsNothing } from './costs-nothing.js';

const FREE: Price = { version: 'v1', prompt: 0n, completion: 0n };

describe('an endpoint that costs nothing', () => {
  it('has zero for every price', () => {
    expect(costsNothing(FREE)).toBe(true);
    expect(costsNothing({ ...FREE, request: 0n, overrides: [{ minPromptTokens: 5, prompt: 0n }] })).toBe(true);
  });

  it.each([
    { prompt: 1n },
    { request: 1n },
    { overrides: [{ minPromptTokens: 5, completion: 1n }] },
    { serviceTiers: { priority: { prompt: 1n } } },
  ] satisfies Partial<Price>[])('is not one with %o', (price) => {
    expect(costsNothing({ ...FREE, ...price })).toBe(false);
  });
});
