// What an image does not need at run time: sources, tests, build caches; and the development dependencies, which are installed anew without.
import { globSync, rmSync } from 'node:fs';

const inDependencies = (name) => name.split('/').includes('node_modules');
const unneeded = [
  ...globSync(
    ['{apps,packages,infra}/*/{src,.turbo}', 'e2e/src', '.turbo', '{apps,packages,infra}/*/dist/**/*.{d.ts,js.map}'],
    {
      exclude: inDependencies,
    },
  ),
  ...globSync(['node_modules', '{apps,packages,infra}/*/node_modules', 'e2e/node_modules']),
];
for (const file of unneeded) rmSync(file, { recursive: true, force: true });
