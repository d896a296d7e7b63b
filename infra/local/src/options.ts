import { parseArgs } from 'node:util';
import path from 'node:path';

export interface StartOptions {
  readonly port: number;
  readonly dataDirectory: string;
  /** Forget the data of earlier runs. */
  readonly fresh: boolean;
  /** Processes per provider. */
  readonly workers: number;
}

export const DEFAULT_PORT = 7070;
const DEFAULT_WORKERS = 2;

export const USAGE = `Usage: npm start -- [options]

  --port N      port of the public API on 127.0.0.1 (default ${DEFAULT_PORT}, 0: any free one)
  --data DIR    where data, logs and state are kept (default .switchyard)
  --workers N   worker processes per provider (default ${DEFAULT_WORKERS})
  --fresh       start with empty data: keys, credits and records of earlier runs are deleted
  --help        this text

Settings are read from the environment and from .env: <PROVIDER>_API_KEY starts the workers of a provider,
<PROVIDER>_BASE_URL points it elsewhere, DATABASE_URL and NATS_URL use servers that run already.`;

export class UsageError extends Error {}

function integer(
  text: string | undefined,
  name: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Reads the command line. @throws UsageError with one line that says what is wrong. `null` asks for the help text. */
export function parseOptions(args: readonly string[], root: string): StartOptions | null {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        workers: { type: 'string' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error));
  }
  if (values.help) return null;
  return {
    port: integer(values.port, 'port', DEFAULT_PORT, [0, 65_535]),
    dataDirectory: path.resolve(root, values.data ?? '.switchyard'),
    workers: integer(values.workers, 'workers', DEFAULT_WORKERS, [1, 64]),
    fresh: values.fresh ?? false,
  };
}
