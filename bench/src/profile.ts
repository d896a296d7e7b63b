import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { requests, streams } from './runs/closed.js';
import { startUpstream } from './targets/plain.js';
import { startSwitchyard } from './targets/switchyard.js';

/** Microseconds between samples: fine enough for a request of a millisecond. */
const INTERVAL_US = 500;

/** Puts every process of the system under load and leaves a `.cpuprofile` of each in the folder, for the developer tools of Chromium. */
export async function profile(root: string, folder: string, scale: number): Promise<void> {
  const directory = path.resolve(folder);
  mkdirSync(directory, { recursive: true });
  const upstream = await startUpstream();
  try {
    const target = await startSwitchyard({
      root,
      upstream,
      paces: [...requests.paces, ...streams.paces],
      progress: console.error,
      environment: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory} --cpu-prof-interval=${INTERVAL_US}` },
    });
    try {
      for (const run of [requests, streams]) console.log(run.name, await run.measure(target, 2 * scale));
    } finally {
      await target.stop();
    }
  } finally {
    await upstream.stop();
  }
  console.log(`${readdirSync(directory).length} profiles are in ${directory}`);
}
