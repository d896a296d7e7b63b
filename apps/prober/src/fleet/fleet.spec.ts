import fc from 'fast-check';
import { aHealth, anOutcome } from '../testing/builders.js';
import { Fleet } from './fleet.js';

const START_MS = 1_800_000_000_000;
const idOf = (name: string, modelId = 'acme/large'): string => `${name}:${modelId}`;
const outcomeOf = (name: string, outcome: 'success' | 'failure' | 'client_error' | 'cancelled') =>
  anOutcome({ endpointId: idOf(name), provider: name, outcome });

function fleetOf(endpoints: number): Fleet {
  return new Fleet(() => endpoints);
}

function failFive(fleet: Fleet, name: string, nowMs = START_MS): boolean {
  let changed = false;
  for (let failure = 0; failure < 5; failure += 1)
    changed = fleet.observe(outcomeOf(name, 'failure'), nowMs) || changed;
  return changed;
}

describe('the fleet', () => {
  it('ejects after five failures, opens half, and restores with one success', () => {
    const fleet = fleetOf(2);
    expect(failFive(fleet, 'a')).toBe(true);
    expect(fleet.read(idOf('a'), START_MS)).toMatchObject({
      state: 'ejected',
      ejectedUntilMs: START_MS + 30_000,
      timesEjected: 1,
    });
    expect(fleet.tick(START_MS + 29_999)).toEqual([]);
    expect(fleet.tick(START_MS + 30_000)).toEqual([idOf('a')]);
    expect(fleet.observe(outcomeOf('a', 'success'), START_MS + 30_500)).toBe(true);
    expect(fleet.read(idOf('a'), START_MS + 30_500)?.state).toBe('healthy');
  });

  it('never ejects the only endpoint of a model', () => {
    const fleet = fleetOf(1);
    expect(failFive(fleet, 'a')).toBe(false);
    expect(fleet.read(idOf('a'), START_MS)?.state).toBe('healthy');
  });

  it('counts endpoints that were never used: they are what a fallback goes to', () => {
    expect(failFive(fleetOf(0), 'a')).toBe(false);
    expect(failFive(fleetOf(2), 'a')).toBe(true);
  });

  it('ejects at most half of the endpoints of a model', () => {
    const fleet = fleetOf(5);
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => failFive(fleet, name))).toEqual([true, true, false, false, false]);
  });

  it('ejects one that went on failing as soon as there is room for it', () => {
    const fleet = fleetOf(2);
    failFive(fleet, 'a');
    expect(failFive(fleet, 'b')).toBe(false);
    fleet.tick(START_MS + 30_000);
    fleet.observe(outcomeOf('a', 'success'), START_MS + 30_000);
    expect(fleet.observe(outcomeOf('b', 'failure'), START_MS + 30_001)).toBe(true);
  });

  it('does not count errors of clients and cancelled calls', () => {
    const fleet = fleetOf(2);
    for (let call = 0; call < 20; call += 1)
      fleet.observe(outcomeOf('a', call % 2 ? 'client_error' : 'cancelled'), START_MS);
    expect(fleet.read(idOf('a'), START_MS)).toMatchObject({ state: 'healthy', windows: { last30s: { count: 0 } } });
  });

  it('ejects an endpoint whose success rate falls out of line with its siblings', () => {
    const fleet = fleetOf(5);
    for (let call = 0; call < 120; call += 1) {
      for (const name of ['a', 'b', 'c', 'd']) fleet.observe(outcomeOf(name, 'success'), START_MS);
      fleet.observe(outcomeOf('e', call % 3 === 0 ? 'success' : 'failure'), START_MS);
    }
    expect(fleet.read(idOf('e'), START_MS)?.state).toBe('healthy');
    expect(fleet.tick(START_MS)).toEqual([idOf('e')]);
    expect(fleet.read(idOf('e'), START_MS)?.state).toBe('ejected');
    fleet.tick(START_MS + 30_000);
    fleet.observe(outcomeOf('e', 'success'), START_MS + 30_000);
    // It has paid for those failures: it is not ejected for them again.
    expect(fleet.tick(START_MS + 45_000)).toEqual([]);
  });

  it('goes on with the ejection that an earlier process published', () => {
    const fleet = fleetOf(2);
    const health = aHealth({
      state: 'ejected',
      ejectedUntilMs: START_MS + 5_000,
      timesEjected: 2,
      updatedAtMs: START_MS,
    });
    fleet.restore(idOf('a'), 'acme/large', { health, history: null, blocks: [] }, START_MS + 1_000);
    expect(fleet.read(idOf('a'), START_MS + 1_000)).toMatchObject({ state: 'ejected', timesEjected: 2 });
    expect(fleet.tick(START_MS + 5_000)).toEqual([idOf('a')]);
  });

  it('is brought back by the answer to a probe, which is no traffic', () => {
    const fleet = fleetOf(2);
    failFive(fleet, 'a');
    expect(fleet.observe({ ...outcomeOf('a', 'success'), probe: true }, START_MS + 10_000)).toBe(true);
    expect(fleet.read(idOf('a'), START_MS + 10_000)).toMatchObject({
      state: 'healthy',
      restoredAtMs: START_MS + 10_000,
      windows: { last30s: { count: 0 }, last5m: { count: 5, failures: 5 } },
    });
  });

  it('keeps an endpoint out that a probe did not reach', () => {
    const fleet = fleetOf(2);
    failFive(fleet, 'a');
    expect(fleet.observe({ ...outcomeOf('a', 'failure'), probe: true }, START_MS + 10_000)).toBe(false);
    expect(fleet.read(idOf('a'), START_MS + 10_000)?.ejectedUntilMs).toBe(START_MS + 30_000);
  });

  it('forgets an endpoint that is gone', () => {
    const fleet = fleetOf(2);
    failFive(fleet, 'a');
    fleet.remove(idOf('a'));
    expect([fleet.read(idOf('a'), START_MS), fleet.size]).toEqual([null, 0]);
    expect(failFive(fleet, 'b')).toBe(true);
  });

  it('never has more than half of a model out, whatever happens', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      outcome: fc.constantFrom('success', 'failure', 'failure', 'failure', 'client_error', 'cancelled'),
      times: fc.integer({ min: 1, max: 7 }),
      afterMs: fc.nat(40_000),
    } as const);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 60 }), (endpoints, steps) => {
        const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, endpoints);
        const fleet = fleetOf(endpoints);
        let nowMs = START_MS;
        for (const { name, outcome, times, afterMs } of steps) {
          nowMs += afterMs;
          fleet.tick(nowMs);
          if (!names.includes(name)) continue;
          for (let time = 0; time < times; time += 1) fleet.observe(outcomeOf(name, outcome), nowMs);
          const out = names.filter((one) => (fleet.read(idOf(one), nowMs)?.state ?? 'healthy') !== 'healthy');
          expect(out.length).toBeLessThanOrEqual(Math.floor(endpoints / 2));
        }
      }),
    );
  });
});
