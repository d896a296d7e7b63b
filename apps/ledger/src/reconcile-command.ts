import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatPrice, GatewayError, type Figures, type ReconciledDay } from '@switchyard/contracts';
import { connect, createDataSource } from '@switchyard/database';
import { ActivityRepository } from './activity/activity.repository.js';
import { auditConfig } from './config.js';
import { AUDIT_TIMEOUT_MS } from './database/connections.js';
import { LedgerRepository } from './database/ledger.repository.js';
import { LEDGER_SCHEMA } from './migrations/index.js';
import { ReconciliationService } from './reconciliation/reconciliation.service.js';

const USAGE = 'usage: reconcile --provider openai|anthropic [--json] <export.csv|export.json>';

/** Compares a provider's export with the books and prints what differs; exit code 1 when something does, 2 for bad input. */
const { values, positionals } = parseArgs({
  options: { provider: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [file] = positionals;
if (!values.provider || !file) {
  console.error(USAGE);
  process.exit(2);
}

const figures = (sum: Figures | null): string =>
  sum === null
    ? '-'
    : [
        sum.requests,
        sum.inputTokens,
        sum.cacheReadTokens,
        sum.cacheWriteTokens,
        sum.cacheWrite1hTokens,
        sum.outputTokens,
      ]
        .map((count) => (count === null ? '?' : String(count)))
        .concat(sum.costPicos === null ? '?' : `$${formatPrice(sum.costPicos)}`)
        .join(' / ');

const line = (label: string, { model, status, ours, theirs }: Omit<ReconciledDay, 'day'>): string =>
  `${status.padEnd(13)} ${label.padEnd(10)} ${model}${status === 'matched' ? '' : `\n    ours    ${figures(ours)}\n    theirs  ${figures(theirs)}`}`;

const dataSource = await connect(
  createDataSource({
    url: auditConfig().DATABASE_URL,
    schema: LEDGER_SCHEMA,
    entities: [],
    poolSize: 1,
    applicationName: 'ledger-reconcile-command',
    statementTimeoutMs: AUDIT_TIMEOUT_MS,
  }),
  { timeoutMs: 10_000 },
);
try {
  const service = new ReconciliationService(new ActivityRepository(new LedgerRepository(dataSource)));
  const result = await service.reconcile({ provider: values.provider, export: readFileSync(file, 'utf8') });
  const differing = result.models.filter(({ status }) => status !== 'matched');
  if (values.json) {
    const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
    console.log(JSON.stringify(result, text, 2));
  } else {
    console.log(
      `${result.format}; figures are requests / input / cache read / write 5 min / write 1 h / output / cost`,
    );
    for (const day of result.days) if (day.status !== 'matched') console.log(line(day.day, day));
    for (const model of result.models) console.log(line('all days', model));
    console.log(differing.length === 0 ? 'every model matches' : `${differing.length} models differ`);
  }
  process.exitCode = differing.length === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof GatewayError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
} finally {
  await dataSource.destroy();
}
