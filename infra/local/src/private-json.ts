import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './options.js';

/** Writes JSON that only its owner can read, whole or not at all. */
export function writePrivateJson(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

/**
 * Reads what {@link writePrivateJson} wrote. `texts` are the members that must be text, as dotted paths.
 * @throws UsageError that names the file and never quotes it: it holds secrets.
 */
export function readPrivateJson<Content>(file: string, texts: readonly string[]): Content {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} ${code ? `cannot be read (${code})` : 'is not JSON'}. ${REMEDY}`, { cause: error });
  }
  for (const text of texts) {
    const value = text.split('.').reduce(member, content);
    if (typeof value !== 'string' || value === '') throw new UsageError(`${file} has no ${text}. ${REMEDY}`);
  }
  return content as Content;
}

const REMEDY = 'Put back what it was, or start with --fresh: that deletes keys, credits and records.';
