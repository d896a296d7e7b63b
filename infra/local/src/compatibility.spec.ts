import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const FIRST_LINE = 30;
const LAST_LINE = 60;

const page = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8');
const specsIn = (text: string): string[] => [...text.matchAll(/`([\w./-]+\.spec\.ts)`/g)].map(([, file = '']) => file);
/** Names without a folder stand in a sentence about several folders. */
const files = specsIn(page).filter((file) => file.includes('/'));

/** Rows about lines of routing: number, states, and the tests that are named. A line may have several. */
const lines = Map.groupBy(
  [...page.matchAll(/^\| (?:C )?(\d+)(?: +\||:) .* \| (yes|partly|no) +\| (.*)\|$/gm)].map(
    ([, line, state, shownBy = '']) => ({ line: Number(line), state, specs: specsIn(shownBy) }),
  ),
  ({ line }) => line,
);

describe('the page of what works as at OpenRouter', () => {
  it.each([...new Set(files)])('names %s, which exists', (file) => {
    expect(existsSync(path.join(ROOT, file))).toBe(true);
  });

  it('has every line of routing', () => {
    const all = Array.from({ length: LAST_LINE - FIRST_LINE + 1 }, (_, index) => FIRST_LINE + index);
    expect([...lines.keys()].sort((one, other) => one - other)).toEqual(all);
  });

  it.each([...lines])('names a test of its own for line %i', (line, rows) => {
    const specs = rows.flatMap((row) => row.specs);
    expect(specs).not.toEqual([]);
    if (rows.some(({ state }) => state !== 'yes')) return;
    const texts = specs.map((file) => readFileSync(path.join(ROOT, file), 'utf8'));
    expect(texts.some((text) => text.includes(`C ${line}: `) || text.includes(`C ${line}, `))).toBe(true);
  });
});
