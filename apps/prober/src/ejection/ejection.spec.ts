import fc from 'fast-check';
import { aHealth } from '../testing/builders.js';
import { Ejection } from './ejection.js';
import { EJECTION_TIMES, mostEjected } from './limits.js';
import { outliersOf } from './outliers.js';

const MAX_EJECTION_MS = EJECTION_TIMES.maxMs;

describe('the ejection of one endpoint', () => {
  it('is called for by five failures in a row and not by four with a success between', () => {
    const ejection = new Ejection();
    for (let failure = 0; failure < 4; failure += 1) ejection.fail(0);
    ejection.succeed(0);
    for (let failure = 0; failure < 4; failure += 1) ejection.fail(0);
    expect(ejection.hasFailedTooOften).toBe(false);
    ejection.fail(0);
    expect(ejection.hasFailedTooOften).toBe(true);
  });

  it('lasts 30 s times its number, up to 300 s, while the trials keep clients waiting', () => {
    const ejection = new Ejection();
    let nowMs = 1_000;
    ejection.fail(nowMs, true);
    ejection.eject(nowMs);
    for (const seconds of [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300]) {
      expect(ejection.ejectedUntilMs).toBe(nowMs + seconds * 1_000);
      expect(ejection.tick(nowMs + seconds * 1_000 - 1)).toBe(false);
      nowMs += seconds * 1_000;
      expect(ejection.tick(nowMs)).toBe(true);
      expect([ejection.state, ejection.ejectedUntilMs]).toEqual(['half_open', null]);
      ejection.fail(nowMs, true);
    }
  });

  it('has a trial every 30 s while the failures are quick, and only those at its end make it longer', () => {
    const ejection = new Ejection();
    ejection.eject(0);
    const trials: [number, number][] = [];
    for (let nowMs = 0; nowMs <= 360_000; nowMs += 1_000) {
      if (!ejection.tick(nowMs)) continue;
      ejection.fail(nowMs);
      trials.push([nowMs / 1_000, ejection.timesEjected]);
    }
    expect(trials).toEqual([
      [30, 2],
      [60, 2],
      [90, 3],
      [120, 3],
      [150, 3],
      [180, 4],
      [210, 4],
      [240, 4],
      [270, 4],
      [300, 5],
      [330, 5],
      [360, 5],
    ]);
  });

  it('ends with the answer to a probe, in the middle of it', () => {
    const ejection = new Ejection();
    ejection.eject(0);
    ejection.answerProbe(10_000);
    expect([ejection.state, ejection.restoredAtMs]).toEqual(['healthy', 10_000]);
  });

  it('ends with one success in the trial', () => {
    const ejection = new Ejection();
    ejection.eject(0);
    ejection.tick(30_000);
    ejection.succeed(30_001);
    expect([ejection.state, ejection.timesEjected, ejection.restoredAtMs]).toEqual(['healthy', 1, 30_001]);
  });

  it('does not end by the answer to a call from before', () => {
    const ejection = new Ejection();
    ejection.eject(0);
    ejection.succeed(10);
    expect(ejection.state).toBe('ejected');
  });

  it('has one earlier ejection forgiven for every five healthy minutes', () => {
    const ejection = new Ejection();
    ejection.eject(0);
    ejection.tick(30_000);
    ejection.fail(30_000, true);
    ejection.tick(90_000);
    ejection.succeed(90_000);
    ejection.eject(90_000 + 300_000);
    expect(ejection.timesEjected).toBe(2);
    ejection.tick(10_000_000);
    ejection.succeed(10_000_000);
    ejection.eject(20_000_000);
    expect(ejection.timesEjected).toBe(1);
  });

  it('goes on after a restart, but never for longer than the longest ejection', () => {
    const ejection = new Ejection();
    ejection.restore(aHealth({ state: 'ejected', ejectedUntilMs: 45_000, timesEjected: 3 }), 20_000);
    expect([ejection.state, ejection.ejectedUntilMs, ejection.timesEjected]).toEqual(['ejected', 45_000, 3]);
    ejection.restore(aHealth({ state: 'ejected', ejectedUntilMs: 9e15 }), 20_000);
    expect(ejection.ejectedUntilMs).toBe(20_000 + MAX_EJECTION_MS);
  });

  it('never lasts more than 300 s, and always ends half open, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('succeed', 'fail', 'eject', 'tick', 'answerProbe'),
      slow: fc.boolean(),
      afterMs: fc.nat(100_000),
    } as const);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const ejection = new Ejection();
        let nowMs = 0;
        for (const { what, afterMs, slow } of steps) {
          nowMs += afterMs;
          const before = ejection.state;
          ejection[what](nowMs, slow);
          const untilMs = ejection.ejectedUntilMs;
          expect(untilMs === null).toBe(ejection.state !== 'ejected');
          if (untilMs !== null && before !== 'ejected') expect(untilMs - nowMs).toBeLessThanOrEqual(MAX_EJECTION_MS);
          if (before === 'ejected' && what !== 'answerProbe')
            expect(['ejected', 'half_open']).toContain(ejection.state);
          if (before === 'healthy') expect(['healthy', 'ejected']).toContain(ejection.state);
        }
        ejection.tick(nowMs + MAX_EJECTION_MS);
        expect(ejection.state).not.toBe('ejected');
      }),
    );
  });
});

describe('outliers', () => {
  const counts = (...failures: number[]) =>
    failures.map((failed, index) => ({ endpointId: `e${index}`, count: 200, failures: failed }));

  it('are endpoints far below the others', () => {
    expect(outliersOf(counts(0, 1, 0, 2, 150))).toEqual(['e4']);
  });

  it('are none among equals, and none when all are bad alike', () => {
    expect(outliersOf(counts(3, 3, 3, 3, 3))).toEqual([]);
    expect(outliersOf(counts(100, 100, 100, 100, 100))).toEqual([]);
  });

  it('are not looked for among fewer than five endpoints, or with fewer than 100 requests', () => {
    expect(outliersOf(counts(0, 0, 0, 150))).toEqual([]);
    expect(outliersOf([...counts(0, 0, 0, 0), { endpointId: 'few', count: 99, failures: 99 }])).toEqual([]);
  });

  it('never are the majority', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (failures) => {
        expect(outliersOf(counts(...failures)).length).toBeLessThanOrEqual(mostEjected(failures.length));
      }),
    );
  });
});
