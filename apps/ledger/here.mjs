// Where the books are that a command of the ledger reads: those that DATABASE_URL names, else of the installation that `npm start` runs here.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export function findBooks(command) {
  if (process.env.DATABASE_URL) return;
  const state = process.env.SWITCHYARD_STATE_FILE ?? path.join(import.meta.dirname, '../../.switchyard/state.json');
  if (!existsSync(state)) {
    console.error(`${command}: nothing runs here (npm start), and DATABASE_URL names no database`);
    process.exit(2);
  }
  const { databaseUrl, natsUrl } = JSON.parse(readFileSync(state, 'utf8'));
  process.env.DATABASE_URL = databaseUrl;
  process.env.NATS_URL ??= natsUrl;
}
