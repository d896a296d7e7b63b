import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Older servers ignore stream settings that we rely on (`sync_interval`, several filter subjects). */
const MINIMUM = [2, 10] as const;

/**
 * The official release that is fetched where neither PATH nor Debian has a server. The digests are those that NATS's own container
 * images pin; it serves one account on loopback, so the later advisories (accounts, WebSocket, leaf nodes) do not touch it.
 */
const RELEASE = 'v2.10.12';
const RELEASE_DIGESTS: Readonly<Record<string, string>> = {
  'linux-amd64': '462584768f2e734d6be3cb5f24d817abef5191f3575091612e849e4718aac5dd',
  'linux-arm64': 'df353b32cc8813cc84b9a5fe131d702136bfbbcd3394d83cefe2dd59ecf9078c',
};
const RELEASE_URL = `https://github.com/nats-io/nats-server/releases/download/${RELEASE}`;

const HINT =
  'Install nats-server 2.10 or newer (https://docs.nats.io/running-a-nats-service/introduction/installation) so that it is on PATH, or set NATS_URL to a server that runs already.';

const cacheDirectory = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'switchyard', 'nats-server');

async function isRecent(binary: string): Promise<boolean> {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 5_000 });
    const match = /v?(\d+)\.(\d+)\.\d+/.exec(stdout);
    if (!match) return false;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
  } catch {
    return false;
  }
}

function onPath(): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .filter(Boolean)
    .map((folder) => path.join(folder, 'nats-server'))
    .filter((file) => existsSync(file));
}

/** Unpacks Debian's package of a newer suite privately: lists and cache of its own, nothing on the system changes. */
async function fromDebian(target: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-apt-'));
  try {
    for (const part of ['lists/partial', 'cache/archives/partial', 'etc'])
      mkdirSync(path.join(folder, part), { recursive: true });
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(
      path.join(folder, 'etc/sources.list'),
      `deb [signed-by=${keyring}] http://deb.debian.org/debian trixie main\n`,
    );
    const options = [
      `Dir::Etc::sourcelist=${folder}/etc/sources.list`,
      'Dir::Etc::sourceparts=/dev/null',
      `Dir::State::Lists=${folder}/lists`,
      `Dir::Cache=${folder}/cache`,
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    await run('apt-get', [...options, 'update', '-qq'], { timeout: 120_000 });
    await run('apt-get', [...options, 'download', 'nats-server'], { cwd: folder, timeout: 120_000 });
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (!archive) throw new Error('apt-get downloaded nothing');
    await run('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: folder, timeout: 60_000 });
    install(path.join(folder, 'unpacked/usr/sbin/nats-server'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fetches the official release and checks it against the digest pinned here. */
async function fromRelease(target: string): Promise<void> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = RELEASE_DIGESTS[platform];
  if (!expected) throw new Error(`no pinned release for ${platform}`);
  const name = `nats-server-${RELEASE}-${platform}`;
  const response = await fetch(`${RELEASE_URL}/${name}.tar.gz`, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`${name}.tar.gz: HTTP ${response.status}`);
  const archive = Buffer.from(await response.arrayBuffer());
  const actual = createHash('sha256').update(archive).digest('hex');
  if (expected !== actual) throw new Error(`${name}.tar.gz has SHA-256 ${actual}, expected ${expected}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-nats-'));
  try {
    writeFileSync(path.join(folder, 'archive.tar.gz'), archive);
    await run('tar', ['-xzf', 'archive.tar.gz'], { cwd: folder, timeout: 60_000 });
    install(path.join(folder, name, 'nats-server'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function install(source: string, target: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  copyFileSync(source, temporary);
  chmodSync(temporary, 0o755);
  // Renaming is atomic: a second process that does the same at the same time is harmless.
  renameSync(temporary, target);
}

/**
 * Path of a nats-server of at least 2.10: from NATS_SERVER_BINARY or PATH, else from the user's cache, else Debian's package of the
 * next suite unpacked into that cache, else the official release.
 * @throws Error that says what to install.
 */
export async function findNatsServer(): Promise<string> {
  const cached = path.join(cacheDirectory(), 'nats-server');
  const candidates = [process.env['NATS_SERVER_BINARY'], ...onPath(), cached].filter((file) => file !== undefined);
  for (const candidate of candidates) if (await isRecent(candidate)) return candidate;
  const problems: string[] = [];
  const sources = [
    ...(existsSync('/usr/bin/apt-get') ? [['Debian package', fromDebian] as const] : []),
    ['official release', fromRelease] as const,
  ];
  for (const [name, source] of sources) {
    try {
      await source(cached);
      if (await isRecent(cached)) return cached;
      problems.push(`${name}: what was installed does not run`);
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  throw new Error(`no nats-server of at least ${MINIMUM.join('.')} (${problems.join('; ')}). ${HINT}`);
}
