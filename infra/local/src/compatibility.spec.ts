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

/** Rows of the table of routing: number, state, and the tests that are named. */
const rows = [...page.matchAll(/^\| (\d+) +\| .* \| (yes|partly|no) +\| (.*)\|$/gm)].map(
  ([, line, state, shownBy = '']) => ({ line: Number(line), state, specs: specsIn(shownBy) }),
);

describe('the page of what works as at OpenRouter', () => {
  it.each([...new Set(files)])('names %s, which exists', (file) => {
    expect(existsSync(path.join(ROOT, file))).toBe(true);
  });

  it('has every line of routing, once and in order', () => {
    const all = Array.from({ length: LAST_LINE - FIRST_LINE + 1 }, (_, index) => FIRST_LINE + index);
    expect(rows.map(({ line }) => line)).toEqual(all);
  });

  it.each(rows)('names a test of its own for line $line', ({ line, state, specs }) => {
    expect(specs).not.toEqual([]);
    const texts = specs.map((file) => readFileSync(path.join(ROOT, file), 'utf8'));
    const named = texts.some((text) => text.includes(`C ${line}: `) || text.includes(`C ${line}, `));
    expect({ state, named }).toEqual({ state, named: state === 'yes' || named });
  });
});
