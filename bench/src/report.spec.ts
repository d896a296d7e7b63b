import { comparison, tableOf, type RunResult } from './report.js';

const result: RunResult = {
  run: 'requests',
  rounds: {
    direct: [{ perSecond: 1_000 }, { perSecond: 3_000 }, { perSecond: 2_000 }],
    Switchyard: [
      { perSecond: 500, cpuUs: 90, 'cpuUs edge': 60 },
      { perSecond: 600, cpuUs: 110, 'cpuUs edge': 70 },
      { perSecond: 1_000, cpuUs: 100, 'cpuUs edge': 80 },
    ],
  },
};

describe('the report', () => {
  it('shows medians with their spread, and processes apart', () => {
    expect(tableOf(result)).toBe(
      [
        '| requests | direct | Switchyard |',
        '| --- | --- | --- |',
        '| perSecond | 2000 (1000–3000) | 600 (500–1000) |',
        '| cpuUs |  | 100 (90–110) |',
        '',
        'Microseconds of processor time each: edge 70.',
      ].join('\n'),
    );
  });

  it('compares round by round', () => {
    expect(comparison(result, 'Switchyard', 'direct', 'perSecond')).toEqual({ median: 0.5, low: 0.2, high: 0.5 });
    expect(comparison(result, 'Switchyard', 'direct', 'cpuUs')).toBeNull();
    expect(comparison(result, 'Switchyard', 'nobody', 'perSecond')).toBeNull();
  });
});
