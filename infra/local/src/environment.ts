import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UsageError } from './options.js';

const ASSIGNMENT = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=/;

/**
 * Reads a `.env` file; an absent one is empty. Node's own parser ignores lines that it does not understand, but a key that was
 * mistyped should not just be missing, so such lines are refused by number (never by content: it may be a secret).
 * @throws UsageError
 */
export function readEnvironmentFile(file: string): Readonly<Record<string, string>> {
  if (!existsSync(file)) return {};
  const text = readFileSync(file, 'utf8');
  let openQuote = '';
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (openQuote) {
      if (line.includes(openQuote)) openQuote = '';
      continue;
    }
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    if (!ASSIGNMENT.test(line)) throw new UsageError(`${file}, line ${index + 1}: expected NAME=value`);
    const value = line.slice(line.indexOf('=') + 1).trim();
    const quote = value[0] ?? '';
    if (['"', "'", '`'].includes(quote) && value.indexOf(quote, 1) === -1) openQuote = quote;
  }
  if (openQuote) throw new UsageError(`${file}: a value opens a quote (${openQuote}) that is never closed`);
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
}
