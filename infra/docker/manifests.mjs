// Copies what decides on the dependencies, so that installing them is a layer of its own that source changes leave alone.
import { copyFileSync, globSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const [source, target] = process.argv.slice(2);
const rootFiles = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'turbo.json'];
const manifests = globSync(['{apps,packages,infra}/*/package.json', '{e2e,bench}/package.json'], { cwd: source });
for (const file of [...rootFiles, ...manifests]) {
  mkdirSync(path.join(target, path.dirname(file)), { recursive: true });
  copyFileSync(path.join(source, file), path.join(target, file));
}
