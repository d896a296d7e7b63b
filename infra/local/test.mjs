// `npm test`: lint, types, unit and integration tests, end-to-end tests; one summary line at the end.
// `npm test -- unit` (or lint, types, e2e) runs one part; what follows it goes to jest: `npm test -- unit apps/ledger`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const pnpm = process.env.SWITCHYARD_PNPM ?? 'pnpm';
const results = path.join(root, '.cache/test-results');
const [only, ...rest] = process.argv.slice(2);
const PARTS = ['lint', 'types', 'unit', 'e2e'];
if (only !== undefined && !PARTS.includes(only)) {
  console.error(`switchyard: unknown part ${only}: use one of ${PARTS.join(', ')}`);
  process.exit(1);
}
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

let child = null;
let interrupted = false;
/** To the whole family: what is started through the package manager is a grandchild. */
function tell(signal) {
  try {
    if (child) process.kill(-child.pid, signal);
  } catch {
    // It is gone.
  }
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    tell(signal);
  });
}

function run(args, cwd = root) {
  if (interrupted) return Promise.resolve(130);
  return new Promise((resolve) => {
    child = spawn(pnpm, args, {
      cwd,
      stdio: 'inherit',
      detached: true,
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: '1',
        NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
      },
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** How long jest may take to end when its results are written. */
const END_MS = 30_000;

/**
 * Node was seen to spin for ever when all tests were done, cleaning up after native code (`Environment::CleanupHandles`). What counts is
 * written by then, so its process is ended, which is said.
 */
async function jest(name, cwd, ...args) {
  const file = path.join(results, `${name}.json`);
  let writtenMs = null;
  let ended = false;
  const watch = setInterval(() => {
    if (writtenMs === null) writtenMs = existsSync(file) ? performance.now() : null;
    else if (!ended && performance.now() - writtenMs > END_MS) {
      ended = true;
      console.log(`switchyard: jest was done ${END_MS / 1000} s ago and does not end; its process is ended`);
      tell('SIGKILL');
    }
  }, 1_000);
  const code = await run(['exec', 'jest', '--ci', '--json', `--outputFile=${file}`, ...args, ...rest], cwd);
  clearInterval(watch);
  if (!ended) return code;
  return JSON.parse(readFileSync(file, 'utf8')).success ? 0 : 1;
}

const steps = {
  lint: () => run(['run', 'lint']),
  types: () => run(['exec', 'turbo', 'run', 'typecheck', '--output-logs=errors-only', '--ui=stream']),
  unit: () => jest('unit', root, '--maxWorkers=2'),
  // One after the other: what they say of kills and deadlines holds on a machine that has room for a whole system.
  e2e: () => jest('e2e', path.join(root, 'e2e'), '--runInBand'),
};

const failedSteps = [];
for (const part of PARTS.filter((name) => only === undefined || only === name)) {
  const started = Date.now();
  console.log(`\nswitchyard: ${part}`);
  const code = await steps[part]();
  if (code !== 0) failedSteps.push(part);
  console.log(
    `switchyard: ${part} ${code === 0 ? 'passed' : `FAILED (exit ${code})`} in ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of ['unit', 'e2e']) {
  const file = path.join(results, `${name}.json`);
  if (!existsSync(file)) continue;
  const result = JSON.parse(readFileSync(file, 'utf8'));
  total.passed += result.numPassedTests;
  // A suite that could not even be loaded has no failed test of its own, but it is a failure.
  total.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  total.skipped += result.numPendingTests + result.numTodoTests;
}
const fixtures = path.resolve(root, process.env.SWITCHYARD_FIXTURES ?? '../shared/fixtures');
if (!existsSync(path.join(fixtures, 'upstream'))) {
  console.log(
    `\nNo recorded provider traffic at ${process.env.SWITCHYARD_FIXTURES ?? '../shared/fixtures'}: the tests on recordings were skipped.`,
  );
}
if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(failedSteps.length === 0 && !interrupted ? 0 : 1);
