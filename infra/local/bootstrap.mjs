// What `npm start`, `npm test` and `npm run setup` do first, on any Node from 20 on: pnpm, the dependencies, the build. The rest runs
// on Node 24, which comes as a dependency. Plain JavaScript without dependencies, because nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const toolchain = path.join(root, '.cache/toolchain');
const pnpm = path.join(toolchain, 'bin/pnpm');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const pnpmVersion = manifest.packageManager.split('@')[1];
const quiet = process.env.CI !== 'true';

const fail = (message) => {
  console.error(`switchyard: ${message}`);
  process.exit(1);
};
const say = (message) => console.log(`switchyard: ${message}`);

function run(command, args, { what, env = {} }) {
  const started = Date.now();
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? 'pipe' : 'inherit',
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env },
  });
  if (result.error) fail(`${what}: ${command} could not be started (${result.error.message})`);
  if (result.signal) process.exit(130);
  if (result.status !== 0) {
    if (quiet) process.stderr.write(`${result.stdout.slice(-8_000)}\n${result.stderr.slice(-8_000)}\n`);
    fail(`${what} failed (exit ${result.status}); the output is above`);
  }
  return ((Date.now() - started) / 1000).toFixed(1);
}

/**
 * Without its install script pnpm's command is a file that only a shell can run, but turbo starts `pnpm` directly; so a script with
 * a first line stands before it on the PATH.
 */
function writeLauncher() {
  mkdirSync(path.dirname(pnpm), { recursive: true });
  writeFileSync(pnpm, `#!/bin/sh\nexec sh "${path.join(toolchain, 'node_modules/pnpm/pnpm')}" "$@"\n`, { mode: 0o755 });
  chmodSync(pnpm, 0o755);
}

function installPnpm() {
  process.env.PATH = `${path.dirname(pnpm)}${path.delimiter}${process.env.PATH ?? ''}`;
  const file = path.join(toolchain, 'node_modules/pnpm/package.json');
  writeLauncher();
  if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === pnpmVersion) return;
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(path.join(toolchain, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--prefix', toolchain, '--ignore-scripts', '--no-audit', '--no-fund', `pnpm@${pnpmVersion}`];
  say(`pnpm ${pnpmVersion} installed (${run('npm', args, { what: 'installing pnpm' })} s)`);
}

/** One digest over all that decides what is installed; the same digest as last time means nothing to do. */
function installDependencies() {
  const digest = createHash('sha256');
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    digest.update(readFileSync(path.join(root, file)));
  const stamp = path.join(root, 'node_modules/.switchyard-install');
  const wanted = digest.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const seconds = run(pnpm, ['install', '--frozen-lockfile'], {
    what: 'installing the dependencies',
    env: { CI: 'true' },
  });
  writeFileSync(stamp, wanted);
  say(`dependencies installed (${seconds} s)`);
}

/** Node 24 from the dependencies, or the running one where it is recent enough. */
function findNode() {
  const installed = path.join(root, 'node_modules/.bin/node');
  if (existsSync(installed) && spawnSync(installed, ['--version']).status === 0) return installed;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail('Node 24 is not available for this platform from npm. Install it (https://nodejs.org) and try again.');
}

function build() {
  const seconds = run(pnpm, ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    what: 'building',
  });
  say(`built (${seconds} s)`);
}

/** Hands over to a program on Node 24 and ends as it ends; Ctrl-C reaches it through the terminal, other signals through here. */
function handOver(node, args) {
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: { ...process.env, SWITCHYARD_PNPM: pnpm } });
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

const [command = 'start', ...args] = process.argv.slice(2);
const PROGRAMS = {
  start: 'infra/local/dist/main.js',
  test: 'infra/local/test.mjs',
  bench: 'bench/dist/main.js',
  'bench:large': 'bench/dist/large.js',
  'bench:scaling': 'bench/dist/scaling/main.js',
  'chaos:money': 'e2e/dist/chaos/main.js',
  'chaos:flapping': 'e2e/dist/flapping/main.js',
  'bench:ledger': 'apps/ledger/bench.mjs',
  'audit:ledger': 'apps/ledger/audit.mjs',
  reconcile: 'apps/ledger/reconcile.mjs',
  'receipt:verify': 'packages/receipts/verify.mjs',
  setup: null,
};
if (!Object.hasOwn(PROGRAMS, command)) fail(`unknown command ${command}: use ${Object.keys(PROGRAMS).join(', ')}`);
if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node ${process.versions.node} is too old: use 20 or newer`);
installPnpm();
installDependencies();
const node = findNode();
build();
if (PROGRAMS[command]) handOver(node, [path.join(root, PROGRAMS[command]), ...args]);
