import fc from 'fast-check';
import { anOutcome } from '../testing/builders.js';
import { blockAt, EndpointWindows, STORED_BLOCKS } from './endpoint-windows.js';
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

  it('C 59: tell how many answers with tool calls were bad, and the rate once there are enough', () => {
    const windows = new EndpointWindows();
    const answer = (toolCalls: 'valid' | 'invalid_json' | null) => windows.record(anOutcome({ toolCalls }), startMs);
    for (let count = 0; count < 18; count += 1) answer('valid');
    answer('invalid_json');
    answer(null);
    expect(windows.read(startMs)).toMatchObject({
      windows: { last5m: { count: 20, toolCalls: { answers: 19, bad: 1 } } },
      toolErrorRate: null,
    });
    answer('valid');
    expect(windows.read(startMs).toolErrorRate).toBe(0.05);
    // After half an hour those of the day count, as long as there are no newer ones.
    expect(windows.read(startMs + 3_600_000).toolErrorRate).toBe(0.05);
  });

  it('go on from what was stored as if nothing had happened', () => {
    const attempts = fc.array(
      fc.record({
        afterMs: fc.nat(120_000),
        failed: fc.boolean(),
        firstTokenMs: fc.integer({ min: 1, max: 60_000 }),
        bad: fc.option(fc.boolean()),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(attempts, attempts, (first, second) => {
        const whole = new EndpointWindows();
        let part = new EndpointWindows();
        let nowMs = startMs;
        const run = (steps: typeof first): void => {
          for (const { afterMs, failed, firstTokenMs, bad } of steps) {
            nowMs += afterMs;
            const toolCalls = bad === null ? null : bad ? 'unknown_name' : 'valid';
            const outcome = anOutcome({ outcome: failed ? 'failure' : 'success', firstTokenMs, toolCalls });
            whole.record(outcome, nowMs);
            part.record(outcome, nowMs);
          }
        };
        run(first);
        // What is stored of the day is older than the blocks: nothing of the last twenty minutes is in it.
        const { stepMs, steps } = part.history(nowMs);
        const old = steps.filter(([number]) => (number + 1) * stepMs <= nowMs - 1_200_000);
        const stored = JSON.parse(JSON.stringify(blocksOf(part, nowMs))) as ReturnType<typeof blocksOf>;
        part = new EndpointWindows();
        for (const block of stored) part.restoreBlock(block);
        part.restoreDay({ stepMs, steps: old }, nowMs);
        run(second);
        const withoutSeconds = (windows: EndpointWindows) => {
          const { windows: read, ...rest } = windows.read(nowMs);
          return { ...rest, last5m: read.last5m, last30m: read.last30m, history: windows.history(nowMs) };
        };
        expect(withoutSeconds(part)).toEqual(withoutSeconds(whole));
      }),
    );
  });
});

const blocksOf = (windows: EndpointWindows, nowMs: number) =>
  Array.from({ length: STORED_BLOCKS }, (_, age) => windows.block(blockAt(nowMs) - age));
