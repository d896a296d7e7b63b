import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  startNatsServer,
  startPostgres,
  type ServerProcess,
  type TestNats,
  type TestPostgres,
} from '@switchyard/testing';
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

/** A PostgreSQL whose runner was killed goes on; its pid file says so, and it must end before another may use the data. */
async function endOrphan(directory: string): Promise<void> {
  const file = path.join(directory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const deadline = performance.now() + ORPHAN_DEADLINE_MS;
  try {
    process.kill(pid, 'SIGINT');
    while (performance.now() < deadline) {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch {
    // No such process: it has ended, or the file is left over from a crash and PostgreSQL will see that itself.
  }
}

/** Starts a server again whenever it ends by itself, for as long as `stopping` says no. */
function keepRunning(
  name: string,
  current: () => ServerProcess,
  again: () => Promise<void>,
  state: { stopping: boolean },
  note: (line: string) => void,
): void {
  void current().exited.then(async () => {
    if (state.stopping) return;
    note(`${name} ended by itself; starting it again`);
    try {
      await again();
      keepRunning(name, current, again, state, note);
    } catch (error) {
      note(`${name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

export async function startInfrastructure(options: {
  readonly dataDirectory: string;
  readonly secrets: Secrets;
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly note: (line: string) => void;
}): Promise<Infrastructure> {
  const { dataDirectory, secrets, note } = options;
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
            const directory = path.join(dataDirectory, 'postgres');
            await endOrphan(directory);
            return startPostgres({ directory });
          })(),
      options.natsUrl
        ? null
        : startNatsServer({
            storeDirectory: path.join(dataDirectory, 'nats'),
            credentials: { user: 'switchyard', password: secrets.natsPassword },
            durable: true,
          }),
    ]);
    postgres = startedPostgres;
    nats = startedNats;
  } catch (error) {
    await stop();
    throw error;
  }
  const started = { postgres, nats };
  if (started.postgres)
    keepRunning(
      'PostgreSQL',
      () => started.postgres!.process,
      () => started.postgres!.restart(),
      state,
      note,
    );
  if (started.nats)
    keepRunning(
      'nats-server',
      () => started.nats!.process,
      () => started.nats!.start(),
      state,
      note,
    );
  return {
    ownerUrl: options.databaseUrl ?? started.postgres!.url,
    natsUrl: options.natsUrl ?? started.nats!.url,
    servers: () => [
      ...(started.postgres ? [{ name: 'postgres', pid: started.postgres.process.pid }] : []),
      ...(started.nats ? [{ name: 'nats-server', pid: started.nats.pid }] : []),
    ],
    stop,
  };
}
