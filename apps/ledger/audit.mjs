// `npm run audit:ledger`
import { findBooks } from './here.mjs';

findBooks('audit');
await import('./dist/audit-command.js');
