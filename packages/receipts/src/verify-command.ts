import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { verifyCommand } from './command.js';

const TIMEOUT_MS = 10_000;

/** npm runs scripts in the folder of the project, and names are meant from where the command was typed. */
const folder = process.env['INIT_CWD'] ?? process.cwd();

async function read(source: string): Promise<string> {
  if (!/^https?:\/\//.test(source)) return readFile(path.resolve(folder, source), 'utf8');
  const response = await fetch(source, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${source} answers ${response.status}`);
  return response.text();
}

const { exitCode, lines } = await verifyCommand(process.argv.slice(2), read);
for (const line of lines) console.log(line);
process.exitCode = exitCode;
