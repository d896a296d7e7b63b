// `npm run reconcile -- --provider openai usage.csv`
import { findBooks } from './here.mjs';

findBooks('reconcile');
await import('./dist/reconcile-command.js');
