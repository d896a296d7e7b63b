import { runFlapping } from './run-flapping.js';

try {
  const report = await runFlapping({
    flapMs: 60_000,
    downMs: 4_000,
    upMs: 1_000,
    downForGoodMs: 95_000,
    progress: (line) => console.log(line),
  });
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  console.log(
    [
      `requests: ${report.requests}, of which failed: ${report.clientFaults.length}; faults in the books: ${report.moneyFaults.length}`,
      ...report.clientFaults,
      ...report.moneyFaults,
      `refused by the provider in 60 s of flapping: ${report.refusedWhileFlapping}`,
      `refused by the provider in 95 s without a break: ${report.refusedWhileDown}`,
      `first call after the recovery: ${seconds(report.firstAnswerMs)}; in order on both edges: ${seconds(report.backMs)}`,
    ].join('\n'),
  );
  process.exitCode = report.clientFaults.length + report.moneyFaults.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
