import { readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** The exit code of sysexits.h for a configuration error: a supervisor can tell it from a crash. */
export const EXIT_CONFIG = 78;

const STDERR = 2;

/**
 * Reads the configuration of a process from its environment. Every variable may also be given as a file, `NAME_FILE`, as secrets
 * are mounted; an empty variable counts as absent. When anything is wrong the process ends with {@link EXIT_CONFIG} before it has
 * started anything, and stderr names every bad variable at once, never a value.
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<Schema>> {
  const result = readConfig(schema, env);
  if (result.problems.length > 0) refuse(result.problems);
  return Object.freeze(result.config as z.output<Schema>);
}

function refuse(problems: readonly string[]): never {
  const lines = problems.map((problem) => `  ${problem}\n`).join('');
  writeSync(STDERR, `cannot start, the configuration is not valid:\n${lines}`);
  process.exit(EXIT_CONFIG);
}

/** The same without the exit: the parsed variables, or one line for each problem. */
export function readConfig(schema: z.ZodObject, env: NodeJS.ProcessEnv): { config: unknown; problems: string[] } {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const given = readVariable(name, env);
    if (given.problem !== undefined) problems.push(given.problem);
    if (given.value !== undefined) values[name] = given.value;
  }
  const parsed = schema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    if (problems.some((problem) => problem.startsWith(`${name}:`))) continue;
    problems.push(`${name}: ${explain(name in values, issue.message, schema, name)}`);
  }
  return { config: parsed.data, problems };
}

function readVariable(name: string, env: NodeJS.ProcessEnv): { value?: string; problem?: string } {
  const direct = env[name] || undefined;
  const file = env[`${name}_FILE`] || undefined;
  if (file === undefined) return direct === undefined ? {} : { value: direct };
  if (direct !== undefined) return { problem: `${name}: is given both directly and as ${name}_FILE` };
  try {
    // Editors and `echo` end a file with a line break that is no part of the secret.
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: `${name}: the file of ${name}_FILE is empty` } : { value: text };
  } catch (error) {
    return { problem: `${name}: the file of ${name}_FILE cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

function explain(given: boolean, message: string, schema: z.ZodObject, name: string): string {
  const field = schema.shape[name] as z.ZodType | undefined;
  const expected = field?.description === undefined ? '' : ` (expected ${field.description})`;
  return given ? `${message}${expected}` : `is missing${expected}`;
}
