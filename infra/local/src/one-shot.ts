import { execFile } from 'node:child_process';
import type { ProcessDefinition } from './managed-process.js';

const TIMEOUT_MS = 120_000;

/** Runs a command to its end. @throws Error with the command's name and the end of its output. */
export function runOnce(definition: ProcessDefinition): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...(definition.nodeArguments ?? []), definition.script],
      { env: { ...definition.env }, timeout: TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) return resolve();
        const output = `${stdout}\n${stderr}`.trim().slice(-3_000);
        reject(new Error(`${definition.name} failed (${error.signal ?? `exit ${error.code}`}):\n${output}`));
      },
    );
  });
}
