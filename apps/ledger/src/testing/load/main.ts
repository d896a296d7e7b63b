import { startLedgerBench } from '../ledger-bench.js';
import { applyGenerations, lendAndReturn, readGenerations, topUp, type Result } from './runs.js';
import { foundTown, wideBudgets } from './town.js';

/**
 * `pnpm bench:ledger`: what the books take on a PostgreSQL of their own, as the service's role and through the repositories of the
 * service. `DURABLE=1` writes as in production (fsync), which measures the disk more than the ledger.
 */
const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const GENERATIONS = number('GENERATIONS', 50_000);
const ACCOUNTS = number('ACCOUNTS', 10_000);
const LENDINGS = number('LENDINGS', 4_000);
/** How old the books are: months that there are partitions of. */
const MONTHS = number('MONTHS', 24);
const batchSize = 500;

const bench = await startLedgerBench({ poolSize: 16, durable: process.env['DURABLE'] === '1' });
try {
  await bench.asOwner(
    `SELECT open_month((utc_month(clock()) - make_interval(months => age))::date) FROM generate_series(0, $1::int) AS age`,
    [MONTHS],
  );
  const hot = await foundTown(bench, { accounts: 1, leasesPerAccount: 16 });
  const budgeted = await foundTown(bench, { accounts: 1, leasesPerAccount: 16, budgets: wideBudgets(4) });
  const wide = await foundTown(bench, { accounts: ACCOUNTS, leasesPerAccount: 1 });
  const apply = (name: string, town: typeof hot, consumers = 1) =>
    applyGenerations(bench, town, { name, generations: GENERATIONS, batchSize, consumers });
  const results: Result[] = [
    readGenerations(hot, GENERATIONS),
    { name: `grants, ${ACCOUNTS} accounts`, perSecond: wide.grantsPerSecond },
    await lendAndReturn(bench, LENDINGS),
    await topUp(bench, hot, LENDINGS),
    await apply('generations, one account, 16 edges', hot),
    await apply('generations, the same with 4 hot budgets', budgeted),
    await apply(`generations, ${ACCOUNTS} accounts`, wide),
    await apply(`generations, ${ACCOUNTS} accounts, 3 ledgers`, wide, 3),
  ];
  for (const result of results) console.log(textOf(result));
  console.log('updates that left the indexes alone:', results.findLast(({ watched }) => watched)?.watched?.hotUpdates);
  const started = performance.now();
  const violations = await bench.audit.violations();
  console.log(`audit: ${violations.length} violations, ${Math.round(performance.now() - started)} ms`);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await bench.stop();
}

function textOf({ name, perSecond, watched, count = 1 }: Result): string {
  const rate = `${String(perSecond).padStart(7)}/s  ${name}`;
  if (!watched) return rate;
  const { walBytes, cpuMs, waits } = watched;
  const cost = `${Math.round(walBytes / count)} bytes of log${cpuMs === null ? '' : `, ${Math.round((cpuMs * 1_000) / count)} µs of processor`} each`;
  const shares = Object.entries(waits).map(([doing, share]) => `${doing} ${share} %`);
  return `${rate}: ${cost}\n           ${shares.join(', ')}`;
}
