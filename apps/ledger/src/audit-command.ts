import 'reflect-metadata';
import { formatUsd } from '@switchyard/contracts';
import { connect, createDataSource } from '@switchyard/database';
import { AuditRepository } from './audit/audit.repository.js';
import { auditConfig } from './config.js';
import { AUDIT_TIMEOUT_MS } from './database/connections.js';
import { LEDGER_SCHEMA } from './migrations/index.js';

/** Prints the audit; exit code 1 when an invariant does not hold. */
const dataSource = await connect(
  createDataSource({
    url: auditConfig().DATABASE_URL,
    schema: LEDGER_SCHEMA,
    entities: [],
    poolSize: 1,
    applicationName: 'ledger-audit-command',
    statementTimeoutMs: AUDIT_TIMEOUT_MS,
  }),
  { timeoutMs: 10_000 },
);
try {
  const audits = new AuditRepository(dataSource);
  const violations = await audits.violations();
  const { openLeases, oldestOpenLeaseMs, quarantined } = await audits.openLeases();
  for (const [name, amount] of Object.entries(await audits.totals()))
    console.log(`${name.replace(/Nanos$/, '').padEnd(14)} $${formatUsd(amount)}`);
  console.log(
    `open leases    ${openLeases}${oldestOpenLeaseMs === null ? '' : `, the oldest ${oldestOpenLeaseMs} ms`}`,
  );
  console.log(`quarantined    ${quarantined}`);
  for (const { invariant, count } of violations) console.log(`VIOLATED       ${invariant}: ${count}`);
  console.log(violations.length === 0 ? 'every invariant holds' : `${violations.length} invariants do not hold`);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await dataSource.destroy();
}
