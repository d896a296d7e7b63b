import 'reflect-metadata';
import { connectBus } from '@switchyard/bus';
import { USAGE_STREAM } from '@switchyard/contracts';
import { connect, createDataSource } from '@switchyard/database';
import { parseArgs } from 'node:util';
import { AuditReportRepository } from './audit/audit-report.repository.js';
import { auditJson, auditText, type AuditFindings } from './audit/audit-text.js';
import { AuditRepository } from './audit/audit.repository.js';
import { auditConfig } from './config.js';
import { AUDIT_TIMEOUT_MS } from './database/connections.js';
import { LEDGER_SCHEMA } from './migrations/index.js';

/**
 * Prints the audit: every check with its count, the totals, what is open or waits. `--full` reads the sealed months as well,
 * `--json` prints for programs. Exit code 1 when an invariant does not hold, 2 when the audit could not be made.
 */
const FULL_TIMEOUT_MS = 3_600_000;
const CONNECT_TIMEOUT_MS = 10_000;

async function backlogOf(natsUrl: string | undefined): Promise<AuditFindings['backlog']> {
  if (natsUrl === undefined) return 'not asked';
  try {
    const bus = await connectBus({ servers: natsUrl, name: 'ledger-audit' });
    try {
      return await bus.reader.backlog(USAGE_STREAM, 'ledger');
    } finally {
      await bus.close();
    }
  } catch {
    // The books can be judged without it.
    return 'not reachable';
  }
}

async function findingsOf(full: boolean): Promise<AuditFindings> {
  const config = auditConfig();
  const dataSource = await connect(
    createDataSource({
      url: config.DATABASE_URL,
      schema: LEDGER_SCHEMA,
      entities: [],
      poolSize: 1,
      applicationName: 'ledger-audit-command',
      statementTimeoutMs: full ? FULL_TIMEOUT_MS : AUDIT_TIMEOUT_MS,
    }),
    { timeoutMs: CONNECT_TIMEOUT_MS },
  );
  try {
    const audits = new AuditRepository(dataSource);
    return {
      full,
      checks: await audits.checks({ full }),
      totals: await audits.totals(),
      report: await new AuditReportRepository(dataSource).read(),
      backlog: await backlogOf(config.NATS_URL),
    };
  } finally {
    await dataSource.destroy();
  }
}

try {
  const { values } = parseArgs({ options: { full: { type: 'boolean' }, json: { type: 'boolean' } } });
  const findings = await findingsOf(values.full ?? false);
  console.log(values.json ? auditJson(findings) : auditText(findings));
  process.exitCode = findings.checks.every(({ count }) => count === 0) ? 0 : 1;
} catch (error) {
  console.error(`audit: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
