import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { DataError, pathText } from './data-error.js';
import { DataFile } from './data-file.js';

/** The data files that come with the service. */
export const DATA_DIRECTORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../data');
/** Invented models on a provider that runs inside the gateway: only where they are asked for. */
const SANDBOX_FILE = 'sandbox.json';

export interface NamedDataFile {
  /** Relative to the data directory, for messages. */
  readonly file: string;
  readonly content: DataFile;
}

/**
 * Reads all data files below the directory.
 * @throws DataError with every file and path that is wrong.
 */
export function readDataFiles({
  directory = DATA_DIRECTORY,
  sandbox,
}: {
  directory?: string;
  sandbox: boolean;
}): NamedDataFile[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && !name.startsWith('reports/'))
    .filter((name) => sandbox || name !== SANDBOX_FILE)
    .sort();
  const faults: string[] = [];
  const files = names.flatMap((name) => {
    const content = parseJson(readFileSync(path.join(directory, name), 'utf8'), DataFile, name, faults);
    return content ? [{ file: name, content }] : [];
  });
  if (faults.length > 0) throw new DataError(faults);
  return files;
}

/** JSON text by its schema; undefined with the faults added when it is not what it should be. */
export function parseJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  name: string,
  faults: string[],
): z.output<Schema> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  faults.push(...parsed.error.issues.map((issue) => `${name}: ${pathText(issue.path)}: ${issue.message}`));
  return undefined;
}
