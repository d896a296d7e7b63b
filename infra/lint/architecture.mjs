// The architecture as an executable file: who may import what, by path. Tags between packages are checked by `turbo boundaries`;
// these are the rules inside them. Each rule names the files it speaks of, what they may not contain, and why.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const imports = (pattern) => new RegExp(`(?:from|import)\\s*\\(?['"](?:${pattern})['"]`);
const isTest = (file) => /\.spec\.ts$|\/testing\/|__fixtures__|^e2e\//.test(file);

const RULES = [
  {
    name: 'only packages/bus speaks to NATS',
    files: (file) => !file.startsWith('packages/bus/'),
    forbidden: imports('@nats-io/.*'),
  },
  {
    name: 'only repositories, entities, migrations and packages/database know TypeORM',
    files: (file) =>
      !/^packages\/database\/|\.(?:repository|entity)\.ts$|\/migrations\/|\/migrate\.ts$|\.spec\.ts$/.test(file),
    forbidden: imports('typeorm'),
  },
  {
    name: 'only config files and the start-up of a process read its environment',
    files: (file) =>
      !isTest(file) &&
      !/(?:^|\/)config\.ts$|load-config\.ts$|\/(?:migrate|main|register)\.ts$|-command\.ts$/.test(file) &&
      !file.startsWith('infra/'),
    forbidden: /process\.env/,
  },
  {
    name: 'contracts, pricing, protocols and providers are pure: no Nest, no I/O',
    files: (file) => /^packages\/(?:contracts|pricing|protocols|providers)\//.test(file) && !isTest(file),
    forbidden: imports('@nestjs/.*|typeorm|undici|(?:node:)?(?:fs|net|http|https|child_process)(?:/.*)?'),
  },
  {
    name: 'only the worker calls providers',
    files: (file) => !isTest(file) && file.startsWith('apps/') && !file.startsWith('apps/worker/'),
    forbidden: imports('undici|@switchyard/providers'),
  },
  {
    name: 'an app never imports an app',
    files: (file) => file.startsWith('apps/'),
    forbidden: imports('@switchyard/(?:edge|auth|ledger|registry|prober|worker)'),
  },
  {
    name: 'a controller asks a service, a service a repository, never back',
    files: (file) => file.endsWith('.repository.ts'),
    forbidden: imports('\\..*\\.(?:controller|service)\\.js'),
  },
  {
    name: 'a service does not know its controller',
    files: (file) => file.endsWith('.service.ts'),
    forbidden: imports('\\..*\\.controller\\.js'),
  },
  {
    name: 'money is bigint: no floating point in pricing and ledger',
    files: (file) => /^packages\/pricing\/src\/|^apps\/ledger\/src\//.test(file) && !isTest(file),
    forbidden: /\bparseFloat\(|\bparseInt8\b/,
  },
];

const MOST_LINES = 400;

/**
 * Where an object literal has a getter, as the formatter writes it; -1 if nowhere. Every object made by it would have a shape of its own, which V8
 * keeps until a full collection, and with it all that the getter sees: whole requests became old that way.
 */
function getterOfLiteral(lines) {
  let inClass = false;
  return lines.findIndex((line) => {
    if (/^[\w/@]/.test(line)) inClass = /\bclass\b/.test(line);
    const [, indent] = /^( +)(?:get|set) \w+\(/.exec(line) ?? [];
    return indent !== undefined && !(inClass && indent.length === 2);
  });
}

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(file));
const problems = [];
for (const file of files) {
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.length > MOST_LINES)
    problems.push(`${file}: ${lines.length} lines; split it by purpose (at most ${MOST_LINES})`);
  if (file.endsWith('.ts') && !isTest(file)) {
    const index = getterOfLiteral(lines);
    if (index !== -1) problems.push(`${file}:${index + 1}: a getter in an object literal; make it a method or a class`);
  }
  for (const rule of RULES.filter(({ files: concerns }) => file.endsWith('.ts') && concerns(file))) {
    const index = lines.findIndex((line) => rule.forbidden.test(line));
    if (index !== -1) problems.push(`${file}:${index + 1}: ${rule.name}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`architecture: ${files.length} files, ${RULES.length} rules, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
