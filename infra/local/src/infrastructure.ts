import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  pidFileOf,
  reachableDirectory,
  startNatsServer,
  startPostgres,
  type TestNats,
  type TestPostgres,
} from '@switchyard/testing';
import { keepRunning } from './keep-running.js';
import { checkBroker, checkDatabase } from './reachable.js';
import type { Secrets } from './secrets.js';

const ORPHAN_DEADLINE_MS = 15_000;

/** The database and the broker: started here, or the ones that DATABASE_URL and NATS_URL name. */
export interface Infrastructure {
  readonly ownerUrl: string;
  readonly natsUrl: string;
  /** The servers started here, with the pid of now. */
  servers(): { name: string; pid: number }[];
  stop(): Promise<void>;
}

/** The command line of a running process; empty when there is none. */
function commandOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

/**
 * A server whose runner was killed goes on, and must end before another one may use its data. Its pid file says which process it is;
 * the command line is compared, because after a reboot the number may belong to somebody else.
 */
async function endOrphan(pidFile: string, directory: string, signal: NodeJS.Signals): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !commandOf(pid).includes(directory)) return;
  process.kill(pid, signal);
  const deadline = performance.now() + ORPHAN_DEADLINE_MS;
  while (commandOf(pid) !== '' && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

export async function startInfrastructure(options: {
  readonly dataDirectory: string;
  readonly secrets: Secrets;
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly note: (line: string) => void;
}): Promise<Infrastructure> {
  const { dataDirectory, secrets, note } = options;
  if (options.databaseUrl) await checkDatabase(options.databaseUrl);
  if (options.natsUrl) await checkBroker(options.natsUrl);
  const state = { stopping: false };
  let postgres: TestPostgres | null = null;
  let nats: TestNats | null = null;
  const stop = async () => {
    state.stopping = true;
    await Promise.all([nats?.stop(), postgres?.stop()]);
  };
  try {
    const [startedPostgres, startedNats] = await Promise.all([
      options.databaseUrl
        ? null
        : (async () => {
            const directory = reachableDirectory(path.join(dataDirectory, 'postgres'));
            await endOrphan(path.join(directory, 'postmaster.pid'), directory, 'SIGINT');
            return startPostgres({ directory, ownGroup: true });
          })(),
      options.natsUrl
        ? null
        : (async () => {
            const storeDirectory = path.join(dataDirectory, 'nats');
            await endOrphan(pidFileOf(storeDirectory), storeDirectory, 'SIGTERM');
            const credentials = { user: 'switchyard', password: secrets.natsPassword };
            return startNatsServer({ storeDirectory, credentials, durable: true, ownGroup: true });
          })(),
    ]);
    postgres = startedPostgres;
    nats = startedNats;
  } catch (error) {
    await stop();
    throw error;
  }
  const { keptPostgres, keptNats } = { keptPostgres: postgres, keptNats: nats };
  if (keptPostgres) {
    const again = () => keptPostgres.restart();
    void keepRunning({ name: 'PostgreSQL', current: () => keptPostgres.process, again, state, note });
  }
  if (keptNats) {
    const again = () => keptNats.start();
    void keepRunning({ name: 'nats-server', current: () => keptNats.process, again, state, note });
  }
  return {
    ownerUrl: options.databaseUrl ?? keptPostgres!.url,
    natsUrl: options.natsUrl ?? keptNats!.url,
    servers: () => [
      ...(keptPostgres ? [{ name: 'postgres', pid: keptPostgres.process.pid }] : []),
      ...(keptNats ? [{ name: 'nats-server', pid: keptNats.pid }] : []),
    ],
    stop,
  };
}
