// Starts what APP names. A worker whose provider is not configured ends quietly, so that one compose file can list every provider.
import path from 'node:path';
import { spawn } from 'node:child_process';

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
const script = scripts[app] ?? path.join('apps', app, 'dist/main.js');
const telemetry = app === 'sandbox' ? [] : ['--import', path.resolve('packages/telemetry/dist/register.js')];
// A child, because `node --import` has to be on the command line; signals are handed on, and its end is ours.
const child = spawn(process.execPath, [...telemetry, path.resolve(script)], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

/** An unknown provider is for the worker itself to report. */
async function isNeeded(id) {
  const { isConfigured, providers } = await import(path.resolve('packages/providers/dist/index.js'));
  const provider = providers.get(id);
  return provider === undefined ? id !== '' : isConfigured(provider, process.env);
}
