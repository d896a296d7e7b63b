import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ServerProcess } from './child.js';
import { freePort, waitUntil } from './ports.js';
import { postgresBinaries, reachableDirectory, serverUser } from './postgres-binaries.js';

const SUPERUSER = 'postgres';
const START_TIMEOUT_MS = 30_000;

export interface PostgresOptions {
  /** Data directory; kept when given, otherwise a temporary one that `stop` removes. */
  readonly directory?: string;
  readonly port?: number;
  /** `fsync` on, as in production. Off by default for temporary servers: a killed process loses nothing either way. */
  readonly durable?: boolean;
  /** A process group of its own, so that Ctrl-C in a terminal does not reach it. */
  readonly ownGroup?: boolean;
}

export interface TestPostgres {
  /** Connection URL of the superuser to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** The process that runs now; another one after a restart. */
  readonly process: ServerProcess;
  /** Kills the whole server with SIGKILL: a crash. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and directory after a crash or a stop. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Makes a database and answers its superuser URL. */
  createDatabase(name: string): Promise<string>;
}

async function initialise(directory: string, password: string): Promise<void> {
  const user = serverUser();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const passwordFile = path.join(mkdtempSync(path.join(tmpdir(), 'switchyard-pw-')), 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    chownSync(path.dirname(passwordFile), user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const locale = ['--locale=C', '--encoding=UTF8', '--lc-messages=C'];
  const access = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
  try {
    await promisify(execFile)(
      postgresBinaries().initdb,
      [`--pgdata=${directory}`, '--data-checksums', '--no-sync', ...access, ...locale],
      { ...user, cwd: '/', env: { ...process.env, LC_ALL: 'C' } },
    );
  } finally {
    rmSync(path.dirname(passwordFile), { recursive: true, force: true });
  }
}

/** The password is kept beside the cluster, readable by its owner alone, so that a later start can connect. */
function passwordOf(directory: string): string {
  const file = `${directory}.password`;
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function run(directory: string, port: number, durable: boolean, detached: boolean): ServerProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    fsync: durable ? 'on' : 'off',
    // On even without fsync: a killed process must not lose what it committed, only a power cut may.
    synchronous_commit: 'on',
    full_page_writes: durable ? 'on' : 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return new ServerProcess(postgresBinaries().postgres, ['-D', directory, ...flags], {
    ...serverUser(),
    cwd: '/',
    detached,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
}

/** Starts PostgreSQL 18 on loopback, with a new random password on first use of the directory. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const temporary = options.directory === undefined ? mkdtempSync(path.join(tmpdir(), 'switchyard-pg-')) : null;
  // Another user than root must be able to pass through.
  if (temporary) chmodSync(temporary, 0o711);
  const directory = reachableDirectory(path.resolve(options.directory ?? path.join(temporary ?? '', 'data')));
  const password = passwordOf(directory);
  if (!existsSync(path.join(directory, 'PG_VERSION'))) await initialise(directory, password);
  const port = options.port ?? (await freePort());
  const durable = options.durable ?? temporary === null;
  const urlOf = (database: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  let server = run(directory, port, durable, options.ownGroup ?? false);

  const ready = async () => {
    try {
      await waitUntil(
        async () => {
          if (!server.running) throw new Error(`PostgreSQL ended: ${server.log.slice(-2_000)}`);
          return accepts(urlOf('postgres'));
        },
        { what: 'PostgreSQL accepts connections', timeoutMs: START_TIMEOUT_MS, intervalMs: 50 },
      );
    } catch (error) {
      await server.stop('SIGKILL');
      throw error;
    }
  };
  await ready();

  return {
    url: urlOf('postgres'),
    port,
    directory,
    get process() {
      return server;
    },
    async kill9() {
      // The postmaster's children see its death and end by themselves; a new start waits for that through postmaster.pid.
      await server.stop('SIGKILL');
    },
    async restart() {
      if (server.running) await server.stop('SIGINT');
      await waitUntil(
        async () => {
          server = run(directory, port, durable, options.ownGroup ?? false);
          // On a busy machine a start is refused, after any time, while processes of the crashed server are still ending.
          return ready().then(
            () => true,
            () => false,
          );
        },
        { what: 'PostgreSQL starts again', timeoutMs: START_TIMEOUT_MS, intervalMs: 200 },
      );
    },
    async stop() {
      // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
      await server.stop('SIGINT');
      if (!temporary) return;
      for (const target of [temporary, directory, `${directory}.password`])
        rmSync(target, { recursive: true, force: true });
    },
    async createDatabase(name) {
      if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new RangeError(`not a plain database name: ${name}`);
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name}`);
      } finally {
        await client.end();
      }
      return urlOf(name);
    },
  };
}
