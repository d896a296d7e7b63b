import fc from 'fast-check';
import { aHealth, anOutcome } from '../testing/builders.js';
import { EndpointWindows } from './endpoint-windows.js';
import { RollingWindow } from './rolling-window.js';

describe('the rolling window', () => {
  it('counts what fell into its last slices, as a count of every attempt says', () => {
    const attempts = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 5_000 }), failed: fc.boolean() }), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(attempts, (steps) => {
        const window = new RollingWindow(1_000, 30);
        const told: { slice: number; failed: boolean }[] = [];
        let nowMs = 1_000_000;
        for (const { afterMs, failed } of steps) {
          nowMs += afterMs;
          window.record({ failed }, nowMs);
          told.push({ slice: Math.floor(nowMs / 1_000), failed });
          const recent = told.filter(({ slice }) => slice > Math.floor(nowMs / 1_000) - 30);
          const { count, failures } = window.read(nowMs);
          expect([count, failures]).toEqual([recent.length, recent.filter((one) => one.failed).length]);
        }
      }),
    );
  });

  it('reads a part of itself', () => {
    const window = new RollingWindow(1_000, 30);
    window.record({ failed: true }, 10_500);
    window.record({ failed: false }, 20_500);
    expect(window.read(20_900, 5_000)).toMatchObject({ count: 1, failures: 0 });
    expect(window.read(20_900)).toMatchObject({ count: 2, failures: 1 });
    expect(window.read(60_000)).toMatchObject({ count: 0, failures: 0 });
  });
});

describe('the windows of an endpoint', () => {
  const startMs = 1_800_000_000_000;

  it('forget after 30 seconds, 5 minutes, 30 minutes and a day', () => {
    const windows = new EndpointWindows();
    windows.record(anOutcome({ outcome: 'failure' }), startMs);
    const failuresAfter = (ms: number) => {
      const { windows: read, day } = windows.read(startMs + ms);
      return [read.last30s.failures, read.last5m.failures, read.last30m.failures, day!.failures];
    };
    expect(failuresAfter(0)).toEqual([1, 1, 1, 1]);
    expect(failuresAfter(31_000)).toEqual([0, 1, 1, 1]);
    expect(failuresAfter(301_000)).toEqual([0, 0, 1, 1]);
    expect(failuresAfter(1_801_000)).toEqual([0, 0, 0, 1]);
    expect(failuresAfter(86_401_000)).toEqual([0, 0, 0, 0]);
  });

  it('tell uptime in percent and null without attempts', () => {
    const windows = new EndpointWindows();
    expect(windows.read(startMs).uptime).toEqual({ last5m: null, last30m: null, last1d: null });
    for (let attempt = 0; attempt < 4; attempt += 1)
      windows.record(anOutcome({ outcome: attempt === 0 ? 'failure' : 'success' }), startMs);
    expect(windows.read(startMs).uptime).toEqual({ last5m: 75, last30m: 75, last1d: 75 });
  });

  it('do not take the time of a failure for a latency', () => {
    const windows = new EndpointWindows();
    windows.record(anOutcome({ outcome: 'failure', firstTokenMs: 1, tokensPerSecond: 1 }), startMs);
    expect(windows.read(startMs).windows.last5m).toMatchObject({ count: 1, latencyMs: null, throughput: null });
  });

  it('go on from what was published: counts, percentiles and age', () => {
    const before = new EndpointWindows();
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const outcome = attempt % 10 === 0 ? 'failure' : 'success';
      before.record(anOutcome({ outcome, firstTokenMs: 100 + attempt, tokensPerSecond: 20 + attempt }), startMs);
    }
    const published = aHealth({ ...before.read(startMs), updatedAtMs: startMs });
    const after = new EndpointWindows();
    after.restore(published, startMs + 60_000);
    const read = after.read(startMs + 60_000);
    expect(read.day).toEqual({ count: 200, failures: 20 });
    expect(read.uptime).toEqual({ last5m: 90, last30m: 90, last1d: 90 });
    const wanted = published.windows.last5m.latencyMs!;
    for (const name of ['p50', 'p75', 'p90', 'p99'] as const)
      expect(read.windows.last5m.latencyMs![name]).toBeCloseTo(wanted[name], 0);
    expect(after.read(startMs + 360_000).windows).toMatchObject({ last5m: { count: 0 }, last30m: { count: 200 } });
  });
});
