// Schemas, roles, catalogue, streams and buckets: everything that must be there before a service starts. Idempotent.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const read = (name) => readFileSync(`/run/switchyard/${name}`, 'utf8').trim();

function run(script, env) {
  const result = spawnSync(process.execPath, [script], { stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

for (const service of ['ledger', 'auth', 'registry', 'vault']) {
  run(`apps/${service}/dist/migrate.js`, {
    MIGRATION_DATABASE_URL: read('owner-url'),
    DATABASE_URL: read(`database-url-${service}`),
  });
}
run('packages/bus/dist/topology-command.js', { NATS_URL: read('nats-url') });
