// Becomes what APP names. A worker whose provider is not configured ends quietly, so that one compose file can list every provider.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const app = process.env.APP;
const scripts = {
  sandbox: 'packages/testing/dist/simulator/main.js',
};

if (!app) {
  console.error('switchyard: the image was built without APP');
  process.exit(1);
}
if (app === 'worker' && !(await isNeeded(process.env.PROVIDER ?? ''))) {
  console.log(`switchyard: no key for ${process.env.PROVIDER}; this worker is not needed`);
  process.exit(0);
}
const { maxSemiSpaceMb } = JSON.parse(readFileSync('infra/heaps.json', 'utf8'));
const heap = maxSemiSpaceMb[app] === undefined ? [] : [`--max-semi-space-size=${maxSemiSpaceMb[app]}`];
const telemetry = app === 'sandbox' ? [] : ['--import', path.resolve('packages/telemetry/dist/register.js')];
const script = path.resolve(scripts[app] ?? path.join('apps', app, 'dist/main.js'));
// In this process, not in a child of it: a Node that only waits would take forty megabytes in each container.
process.execve(process.execPath, [process.execPath, ...heap, ...telemetry, script], process.env);

/** An unknown provider is for the worker itself to report. */
async function isNeeded(id) {
  const { isConfigured, providers } = await import(path.resolve('packages/providers/dist/index.js'));
  const provider = providers.get(id);
  return provider === undefined ? id !== '' : isConfigured(provider, process.env);
}
