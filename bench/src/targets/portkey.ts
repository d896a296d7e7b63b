import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@switchyard/testing';
import { startChild, type Child } from '../child.js';
import { modelOf } from '../upstream/answers.js';
import type { Target } from './target.js';

/** With newer versions of its two libraries its streams answer 500, so they are pinned to those that it was released with. */
const PACKAGE = {
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2' },
  overrides: { hono: '4.9.7', '@hono/node-server': '1.13.5' },
};
const SCRIPT = 'node_modules/@portkey-ai/gateway/build/start-server.js';
const INSTALL_TIMEOUT_MS = 300_000;

/** Portkey's open gateway as npm offers it, installed once into a folder of its own. */
export async function startPortkey(upstream: Child, directory: string): Promise<Target> {
  const script = path.join(directory, SCRIPT);
  if (!existsSync(script)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'package.json'), JSON.stringify(PACKAGE));
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts'];
    await promisify(execFile)('npm', args, { cwd: directory, timeout: INSTALL_TIMEOUT_MS });
  }
  const port = await freePort();
  const child = await startChild({
    script,
    args: [`--port=${port}`, '--headless'],
    env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    port,
  });
  return {
    name: 'Portkey 1.15.2',
    urls: [`${child.url}/v1/chat/completions`],
    headers: {
      'content-type': 'application/json',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream.url}/v1`,
      authorization: 'Bearer unused',
    },
    modelOf,
    processes: () => [{ name: 'portkey', pid: child.pid }],
    stop: () => child.stop(),
  };
}
