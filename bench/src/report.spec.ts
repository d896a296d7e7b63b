import { added, comparison, tableOf, type RunResult } from './report.js';

const result: RunResult = {
  run: 'requests',
  rounds: {
    direct: [
      { perSecond: 1_000, p99Ms: 1 },
      { perSecond: 3_000, p99Ms: 5 },
      { perSecond: 2_000, p99Ms: 2 },
    ],
    Switchyard: [
      { perSecond: 500, p99Ms: 3, cpuUs: 90, 'cpuUs edge': 60 },
      { perSecond: 600, p99Ms: 6, cpuUs: 110, 'cpuUs edge': 70 },
      { perSecond: 1_000, p99Ms: 5, cpuUs: 100, 'cpuUs edge': 80 },
    ],
  },
};

describe('the report', () => {
  it('shows medians with their spread, what is added to the upstream alone, and processes apart', () => {
    expect(tableOf(result)).toBe(
      [
        '| requests | direct | Switchyard |',
        '| --- | --- | --- |',
        '| perSecond | 2000 (1000–3000) | 600 (500–1000) |',
        '| p99Ms | 2 (1–5) | 5 (3–6) |',
        '| cpuUs |  | 100 (90–110) |',
        '| added p99Ms |  | 2 (1–3) |',
        '',
        'Microseconds of processor time each. Switchyard: edge 70.',
      ].join('\n'),
    );
  });

  it('takes what is added from the same round, not from the medians', () => {
    expect(added(result)).toEqual({ Switchyard: { 'added p99Ms': { median: 2, low: 1, high: 3 } } });
    expect(added({ run: 'without the upstream', rounds: { Switchyard: [{ p99Ms: 3 }] } })).toEqual({ Switchyard: {} });
  });

  it('compares round by round', () => {
    expect(comparison(result, 'Switchyard', 'direct', 'perSecond')).toEqual({ median: 0.5, low: 0.2, high: 0.5 });
    expect(comparison(result, 'Switchyard', 'direct', 'cpuUs')).toBeNull();
    expect(comparison(result, 'Switchyard', 'nobody', 'perSecond')).toBeNull();
  });
});
