// `pnpm bench:ledger`: the load bench is test code, which the ordinary build leaves out, so it is compiled here.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const tsc = path.join(import.meta.dirname, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.bench.json'], {
  cwd: import.meta.dirname,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
await import('./dist/testing/load/main.js');
