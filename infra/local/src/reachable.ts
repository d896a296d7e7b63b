import { connect } from 'node:net';
import { Client } from 'pg';
import { UsageError } from './options.js';

const TIMEOUT_MS = 5_000;

const reasonOf = (error: unknown): string => {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
};

/** Connects to the PostgreSQL that DATABASE_URL names. @throws UsageError that says why not, without the password. */
export async function checkDatabase(url: string): Promise<void> {
  // The driver takes anything for a URL of some host.
  if (!URL.canParse(url))
    throw new UsageError('DATABASE_URL is not a URL like postgres://user:password@host:5432/name.');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new UsageError(`DATABASE_URL: PostgreSQL does not accept the connection: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether something listens at NATS_URL; what it is, the services find out. @throws UsageError */
export async function checkBroker(url: string): Promise<void> {
  if (!URL.canParse(url)) throw new UsageError('NATS_URL is not a URL like nats://user:password@host:4222.');
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || 4222), timeout: TIMEOUT_MS });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new UsageError(`NATS_URL: nothing answers at ${hostname}:${port || 4222}: ${reason}`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail('timed out'));
    socket.once('error', (error) => fail(reasonOf(error)));
  });
}
