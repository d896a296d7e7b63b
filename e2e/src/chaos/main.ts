import { parseArgs } from 'node:util';
import { reportLines } from './print-report.js';
import { runChaos } from './run-chaos.js';

const MOST_CLIENTS = 200;

/** A number of the command line. @throws Error naming the option */
function numberOf(text: string, name: string, most: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > most)
    throw new Error(`--${name} must be a number above 0 and at most ${most}, not ${text}`);
  return value;
}

try {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31) + 1) },
      minutes: { type: 'string', default: '5' },
      clients: { type: 'string', default: '40' },
    },
  });
  const report = await runChaos({
    seed: Math.trunc(numberOf(values.seed, 'seed', 2 ** 32 - 1)),
    durationMs: numberOf(values.minutes, 'minutes', 24 * 60) * 60_000,
    clients: Math.trunc(numberOf(values.clients, 'clients', MOST_CLIENTS)),
    pauseMs: [1_000, 3_000],
    progress: (line) => console.log(line),
  });
  console.log(reportLines(report).join('\n'));
  process.exitCode = report.clientFaults.length + report.money.faults.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
