// `pnpm audit:ledger`: the audit of the books that DATABASE_URL names, else of the installation that `npm start` runs here.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const state = process.env.SWITCHYARD_STATE_FILE ?? path.join(import.meta.dirname, '../../.switchyard/state.json');
if (!process.env.DATABASE_URL) {
  if (!existsSync(state)) {
    console.error('audit: nothing runs here (npm start), and DATABASE_URL names no database');
    process.exit(2);
  }
  const { databaseUrl, natsUrl } = JSON.parse(readFileSync(state, 'utf8'));
  process.env.DATABASE_URL = databaseUrl;
  process.env.NATS_URL ??= natsUrl;
}
await import('./dist/audit-command.js');
