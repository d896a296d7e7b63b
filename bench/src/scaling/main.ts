// `npm run bench:scaling` writes docs/scaling.md from the measured costs; with --measure it measures them instead, and prints them.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COSTS } from './costs.js';
import { measureCosts } from './measure/measure.js';
import { fillPage } from './page.js';
import { partsOf } from './parts.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--measure')) {
  console.error('npm run bench:scaling [-- --measure]');
  process.exit(2);
}
if (args.includes('--measure')) {
  console.log(JSON.stringify(await measureCosts(root), null, 2));
} else {
  const file = path.join(root, 'docs/scaling.md');
  writeFileSync(file, fillPage(readFileSync(file, 'utf8'), partsOf(COSTS)));
  console.log('docs/scaling.md is written');
}
