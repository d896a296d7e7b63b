// Writes docs/providers.md out of the providers and the catalogue's data; a test of packages/providers says when it is stale.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { providers } from '../../packages/providers/dist/index.js';
import { renderPage } from '../../packages/providers/dist/page.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = globSync(['apps/registry/data/*.json', 'apps/registry/data/endpoints/*.json'], { cwd: root });
const endpoints = files.flatMap((file) => JSON.parse(readFileSync(`${root}/${file}`, 'utf8')).endpoints ?? []);
writeFileSync(`${root}/docs/providers.md`, renderPage(providers.values(), endpoints));
console.log(`docs/providers.md: ${providers.size} providers`);
