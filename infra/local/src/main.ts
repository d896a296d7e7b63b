import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironmentFile } from './environment.js';
import { parseOptions, USAGE, UsageError, type StartOptions } from './options.js';
import { writePrivateJson } from './private-json.js';
import { startStack, type Stack } from './stack.js';
import { welcome } from './welcome.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The state is written where it always is, and into the data directory when that is another one. */
const stateFiles = (dataDirectory: string): string[] => [
  ...new Set([
    process.env['SWITCHYARD_STATE_FILE'] ?? path.join(root, '.switchyard/state.json'),
    path.join(dataDirectory, 'state.json'),
  ]),
];

function writeState(stack: Stack, options: StartOptions): void {
  const state = {
    baseUrl: stack.baseUrl,
    apiKey: stack.account.apiKey,
    managementKey: stack.account.managementKey,
    natsUrl: stack.natsUrl,
    databaseUrl: stack.databaseUrl,
    metricsUrl: `${stack.edgeUrls[0]}/metrics`,
    services: stack.services(),
  };
  for (const file of stateFiles(options.dataDirectory)) writePrivateJson(file, state);
}

/** Resolves with the exit code when a signal has stopped everything; a second signal ends at once. */
function untilStopped(stack: Stack, options: StartOptions): Promise<number> {
  return new Promise((resolve) => {
    // A process that was started again has a new pid, so the state is kept fresh.
    const refresh = setInterval(() => writeState(stack, options), 1_000);
    let stopping = false;
    const onSignal = () => {
      if (stopping) process.exit(130);
      stopping = true;
      clearInterval(refresh);
      console.log('\nswitchyard: stopping (Ctrl-C again to end at once)');
      stack.stop().then(
        () => {
          for (const file of stateFiles(options.dataDirectory)) rmSync(file, { force: true });
          console.log('switchyard: stopped; the data is kept');
          resolve(0);
        },
        (error: unknown) => {
          console.error('switchyard: stopping failed:', error);
          resolve(1);
        },
      );
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

async function main(): Promise<number> {
  const startedAt = performance.now();
  const progress = (line: string) => console.log(`switchyard: ${line}`);
  const options = parseOptions(process.argv.slice(2), root);
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const environment = {
    ...readEnvironmentFile(process.env['SWITCHYARD_ENV_FILE'] ?? path.join(root, '.env')),
    ...(process.env as Record<string, string>),
  };
  // A signal during the start must not leave half a system behind: it is remembered, and everything stops once it is up.
  let early = false;
  const remember = () => {
    if (early) process.exit(130);
    early = true;
    console.log('\nswitchyard: stopping as soon as the start is through');
  };
  process.on('SIGINT', remember);
  process.on('SIGTERM', remember);
  const stack = await startStack({ root, environment, progress, ...options });
  process.off('SIGINT', remember);
  process.off('SIGTERM', remember);
  if (early) {
    await stack.stop();
    return 130;
  }
  writeState(stack, options);
  console.log(welcome(stack, (performance.now() - startedAt) / 1000));
  return untilStopped(stack, options);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    console.error(error instanceof UsageError ? `switchyard: ${message}` : `switchyard: could not start: ${message}`);
    process.exit(1);
  },
);
