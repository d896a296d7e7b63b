import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServerProcess } from './child.js';
import { findNatsServer } from './nats-binary.js';
import { freePort, isListening, waitUntil } from './ports.js';

export interface NatsOptions {
  readonly port?: number;
  /** Folder for JetStream; kept when given, otherwise a temporary one that `stop` removes. */
  readonly storeDirectory?: string;
  /** The name and password that clients must give; open on loopback when absent. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** `sync_interval: always`, as in production. */
  readonly durable?: boolean;
  /** What JetStream may keep on disk, e.g. `256KB`, to see a full one. */
  readonly maxFile?: string;
  /** Also answers how much it has carried, at {@link TestNats.monitorUrl}. */
  readonly monitored?: boolean;
  /** A process group of its own, so that Ctrl-C in a terminal does not reach it. */
  readonly ownGroup?: boolean;
}

export interface TestNats {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Of its HTTP monitoring (`/varz` and others); empty unless `monitored`. */
  readonly monitorUrl: string;
  readonly storeDirectory: string;
  /** The process that runs now; another one after a restart. */
  readonly process: ServerProcess;
  kill9(): Promise<void>;
  /** Starts it again on the same port and store after {@link kill9} or a stop of the process; other settings stay from then on. */
  start(changed?: Pick<NatsOptions, 'maxFile'>): Promise<void>;
  /** Removes all that JetStream kept, while the server is down: the loss of a disk. */
  wipe(): void;
  stop(): Promise<void>;
}

/** Where a server on this store writes its process id. */
export const pidFileOf = (storeDirectory: string): string => path.join(storeDirectory, 'nats-server.pid');

/** The settings of data-plane.md: WebSocket, leaf nodes, MQTT and routes stay off. */
function configuration(
  port: number,
  monitorPort: number | null,
  storeDirectory: string,
  { credentials, durable = false, maxFile = '8GB' }: NatsOptions,
): string {
  return [
    'server_name: switchyard',
    `pid_file: ${JSON.stringify(pidFileOf(storeDirectory))}`,
    `listen: "127.0.0.1:${port}"`,
    monitorPort === null ? '' : `http: "127.0.0.1:${monitorPort}"`,
    'max_payload: 1MB',
    'max_pending: 16MB',
    'write_deadline: "2s"',
    'max_connections: 4096',
    'max_subscriptions: 100000',
    `jetstream { store_dir: ${JSON.stringify(storeDirectory)}, max_mem: 64MB, max_file: ${maxFile}, sync_interval: ${durable ? 'always' : '"2m"'} }`,
    credentials
      ? `authorization { user: ${JSON.stringify(credentials.user)}, password: ${JSON.stringify(credentials.password)} }`
      : '',
    '',
  ].join('\n');
}

/** Starts nats-server with JetStream on loopback. */
export async function startNatsServer(options: NatsOptions = {}): Promise<TestNats> {
  const binary = await findNatsServer();
  const port = options.port ?? (await freePort());
  const monitorPort = options.monitored ? await freePort() : null;
  const temporary = options.storeDirectory === undefined ? mkdtempSync(path.join(tmpdir(), 'switchyard-nats-')) : null;
  const storeDirectory = options.storeDirectory ?? path.join(temporary ?? '', 'jetstream');
  mkdirSync(storeDirectory, { recursive: true });
  const file = path.join(temporary ?? storeDirectory, 'nats-server.conf');
  const configure = (changed: Pick<NatsOptions, 'maxFile'> = {}) =>
    writeFileSync(file, configuration(port, monitorPort, storeDirectory, { ...options, ...changed }), { mode: 0o600 });
  configure();

  const launch = async () => {
    const server = new ServerProcess(binary, ['--config', file], { detached: options.ownGroup ?? false });
    try {
      await waitUntil(
        async () => {
          // Asked first: what listens on the port is only ours while our process lives.
          const listening = await isListening(port);
          if (!server.running) throw new Error(`nats-server ended: ${server.log.slice(-2_000)}`);
          return listening;
        },
        { what: `nats-server listens on port ${port}`, timeoutMs: 15_000 },
      );
    } catch (error) {
      // Nobody would know of it any more, and it would hold the store.
      await server.stop('SIGKILL');
      throw error;
    }
    return server;
  };
  let server = await launch();
  const login = options.credentials
    ? `${encodeURIComponent(options.credentials.user)}:${encodeURIComponent(options.credentials.password)}@`
    : '';

  return {
    url: `nats://${login}127.0.0.1:${port}`,
    port,
    monitorUrl: monitorPort === null ? '' : `http://127.0.0.1:${monitorPort}`,
    storeDirectory,
    get pid() {
      return server.pid;
    },
    get process() {
      return server;
    },
    kill9: () => server.stop('SIGKILL'),
    async start(changed) {
      if (server.running) return;
      if (changed) configure(changed);
      server = await launch();
    },
    wipe() {
      if (server.running) throw new Error('the broker must be down when its disk is wiped');
      rmSync(path.join(storeDirectory, 'jetstream'), { recursive: true, force: true });
    },
    async stop() {
      await server.stop('SIGTERM');
      if (temporary) rmSync(temporary, { recursive: true, force: true });
    },
  };
}
