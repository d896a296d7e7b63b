import { Logger } from '@nestjs/common';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { instruments } from '@switchyard/telemetry';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusOptions, connectionOptions, describeServers } from './options.js';
import { assertServerVersion } from './version.js';

export type ConnectionStatus = 'connected' | 'disconnected' | 'closed';

const CONNECT_TIMEOUT_MS = 30_000;
const CONNECT_RETRY_MS = 500;
const COMPLAINT_INTERVAL_MS = 5_000;

/** The connection went away while something was awaited on it. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** One connection to the broker that comes back for ever, and knows whether it is up. */
export class Connection {
  readonly #listeners = new Set<(status: ConnectionStatus) => void>();
  readonly #logger: Logger;
  #status: ConnectionStatus = 'connected';

  private constructor(
    readonly nats: NatsConnection,
    readonly name: string,
    purpose: string,
  ) {
    this.#logger = new Logger(`bus:${purpose}`);
    void this.#follow();
  }

  /**
   * Connects, waiting for a broker that is only just starting.
   * @throws Error in one line when no broker answers within the time, when it refuses the credentials, or when it is too old.
   */
  static async open(options: BusOptions, purpose: string): Promise<Connection> {
    const nats = await connectPatiently(options, purpose);
    try {
      assertServerVersion(nats.info?.version);
    } catch (error) {
      await nats.close();
      throw error;
    }
    return new Connection(nats, options.name, purpose);
  }

  get connected(): boolean {
    return this.#status === 'connected';
  }

  get closed(): boolean {
    return this.#status === 'closed' || this.nats.isClosed();
  }

  /** Calls the listener at every change; returns what ends that. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the connection is up, now or within the time. */
  async whenConnected(timeoutMs: number): Promise<boolean> {
    if (this.connected) return true;
    if (this.closed) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const forget = this.onStatus((status) => resolve(status === 'connected'));
    const timer = setTimeout(() => resolve(false), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  /**
   * Waits for a reply, but not beyond the life of the connection: a reply to a broken connection never comes, and the library
   * would wait for its whole time-out.
   */
  async guard<T>(reply: Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const forget = this.onStatus((status) => {
      if (status !== 'connected') reject(new ConnectionLostError('the connection to NATS was lost'));
    });
    try {
      return await Promise.race([reply, lost]);
    } finally {
      forget();
    }
  }

  /** Sends what is buffered and closes. */
  async close(): Promise<void> {
    if (this.connected) await this.nats.flush().catch(() => undefined);
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.#change('disconnected');
      else if (status.type === 'reconnect') this.#change('connected');
      else if (status.type === 'error') this.#logger.warn(`the broker reports: ${status.error.message}`);
      else if (status.type === 'ldm') this.#logger.log('the broker is going to shut down');
    }
    this.#change('closed');
  }

  #change(status: ConnectionStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    if (status === 'disconnected') {
      instruments.busDisconnects.add(1);
      this.#logger.warn('disconnected from NATS, reconnecting');
    } else if (status === 'connected') this.#logger.log('reconnected to NATS');
    for (const listener of this.#listeners) listener(status);
  }
}

async function connectPatiently(options: BusOptions, purpose: string): Promise<NatsConnection> {
  const logger = new Logger(`bus:${purpose}`);
  const deadline = Date.now() + (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const where = describeServers(options.servers);
  let nextComplaint = Date.now() + COMPLAINT_INTERVAL_MS;
  for (;;) {
    try {
      return await connect(connectionOptions(options, purpose));
    } catch (error) {
      if (error instanceof errors.AuthorizationError && !isSlowLogin(error)) {
        throw new Error(`NATS at ${where} refuses the credentials of ${options.name}`, { cause: error });
      }
      if (Date.now() >= deadline) {
        throw new Error(`cannot connect to NATS at ${where}: ${reason(error)}. Is nats-server running?`, {
          cause: error,
        });
      }
      if (Date.now() >= nextComplaint) {
        logger.warn(`waiting for NATS at ${where}: ${reason(error)}`);
        nextComplaint += COMPLAINT_INTERVAL_MS;
      }
      await sleep(CONNECT_RETRY_MS);
    }
  }
}

/** The library counts as a refusal, too, that the broker did not get the credentials in time: so it is on a machine that is busy starting. */
const isSlowLogin = (error: Error): boolean => /authentication timeout/i.test(error.message);

function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== message ? `${message} (${cause.message})` : message;
}
