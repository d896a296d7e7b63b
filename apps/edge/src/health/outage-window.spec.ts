import fc from 'fast-check';
import { OutageWindow } from './outage-window.js';

describe('the outage window', () => {
  it('calls it an outage when more than half of the attempts failed, and not at exactly half', () => {
    const window = new OutageWindow();
    expect(window.isOutage(0)).toBe(false);
    window.record(true, 1_000);
    expect(window.isOutage(1_000)).toBe(true);
    window.record(false, 2_000);
    expect(window.isOutage(2_000)).toBe(false);
    window.record(true, 3_000);
    expect(window.isOutage(3_000)).toBe(true);
  });

  it('forgets after 30 seconds', () => {
    const window = new OutageWindow();
    window.record(true, 500);
    expect(window.isOutage(29_900)).toBe(true);
    expect(window.isOutage(30_000)).toBe(false);
    expect(window.isOutage(10_000_000)).toBe(false);
  });

  it('says the same as counting every attempt of the last 30 whole seconds', () => {
    const attempt = fc.record({ afterMs: fc.integer({ min: 0, max: 12_000 }), failed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 60 }), (attempts) => {
        const window = new OutageWindow();
        const told: { second: number; failed: boolean }[] = [];
        let nowMs = 0;
        for (const { afterMs, failed } of attempts) {
          nowMs += afterMs;
          window.record(failed, nowMs);
          const second = Math.floor(nowMs / 1_000);
          told.push({ second, failed });
          const recent = told.filter((one) => one.second > second - 30);
          const failures = recent.filter((one) => one.failed).length;
          expect(window.isOutage(nowMs)).toBe(failures > 0 && failures * 2 > recent.length);
        }
      }),
    );
  });
});
