import { reportLines } from './print-report.js';
import { runChaos } from './run-chaos.js';

/** The short form of `npm run chaos:money`: one round of every fault, always in the same order. */
const SEED = 20_261_122;

describe('random faults', () => {
  it('never cost a customer more, never lose a request, and never leave a hole in a text', async () => {
    const report = await runChaos({ seed: SEED, durationMs: 30_000, clients: 30, pauseMs: [200, 700] });
    const wrong = [...report.clientFaults, ...report.money.faults];
    // Told whole: the set of insured and estimated generations explains what is wrong.
    if (wrong.length > 0) console.error(reportLines(report).join('\n'));
    expect(wrong).toEqual([]);
    // Free because its edge died or was out of reach before its worker could be told: rare, and never the other way round.
    expect(report.money.givenAway.length).toBeLessThan(report.money.charged.count / 20);
    expect(report.money.charged.count).toBeGreaterThan(50);
    expect(report.struck.filter(({ times }) => times > 0).length).toBeGreaterThan(5);
  }, 240_000);
});
