import type { Seen } from '../money/clients.js';
import { BOTH, expectErrorEvent, expectWhole, hitsOf, type Scenario } from './scenarios.js';

/** The benchmark gives up on a gateway after so long. */
const MOST_OF_A_CALL_MS = 100_000;
const MOST_TO_FIRST_TOKEN_MS = 15_000;
const MOST_TO_FINISH_MS = 8_000;

const endsWell = (seen: Seen): void => {
  expectWhole(seen);
  expect(seen.costNanos).toBeGreaterThan(0n);
  expect(seen.endedAtMs - seen.startedAtMs).toBeLessThan(MOST_TO_FINISH_MS);
};

/** S01: nobody else can serve, and the provider says when it can. */
export const RETRY_AFTER: Scenario = {
  name: 's01',
  sides: ['first'],
  fault: 'status=429 retry_after=2',
  times: 1,
  async check(seen, _, model) {
    expectWhole(seen);
    const [refused, served] = await model.hits('first');
    expect(served!.startedAtMs - refused!.startedAtMs).toBeGreaterThanOrEqual(1_900);
    expect(await hitsOf(model)).toEqual([2, 0]);
  },
};

/** S03: once is no pattern. */
export const STUMBLE: Scenario = {
  name: 's03',
  sides: ['first'],
  fault: 'status=500',
  times: 1,
  async check(seen, _, model) {
    expectWhole(seen);
    expect(await hitsOf(model)).toEqual([2, 0]);
  },
};

/** Scenarios that mostly wait for a deadline. */
export const WAITING_SCENARIOS: readonly Scenario[] = [
  {
    name: 's06',
    sides: BOTH,
    fault: 'stall before',
    async check(seen, _, model) {
      expectWhole(seen);
      expect(seen.endedAtMs - seen.startedAtMs).toBeLessThan(MOST_OF_A_CALL_MS);
      expect(await hitsOf(model)).toEqual([1, 1]);
      expect((await model.hits('first'))[0]?.aborted).toBe(true);
    },
  },
  {
    name: 's07',
    sides: BOTH,
    fault: 'first_token=20000',
    check(seen) {
      expectWhole(seen);
      expect((seen.spokeAtMs ?? seen.endedAtMs) - seen.startedAtMs).toBeLessThan(MOST_TO_FIRST_TOKEN_MS);
    },
  },
  {
    name: 's09',
    sides: BOTH,
    fault: 'stall after=20',
    async check(seen, { stream }, model) {
      if (!stream) return expectWhole(seen);
      expectErrorEvent(seen, { code: 'upstream_timeout', tokens: 20 });
      expect(seen.beats).toBeGreaterThan(0);
      expect(await hitsOf(model)).toEqual([1, 0]);
    },
  },
  { name: 's11-no-done', sides: ['first'], fault: 'no_done', check: endsWell },
  { name: 's11-hang', sides: ['first'], fault: 'hang', check: endsWell },
  {
    name: 'drip',
    sides: BOTH,
    fault: 'drip ms=4',
    check(seen, { stream }) {
      if (!stream) return expectWhole(seen);
      expect([seen.how, seen.code]).toEqual(['error event', 'upstream_timeout']);
    },
  },
];
