import { createInbox, nkeyAuthenticator, type NodeConnectionOptions } from '@nats-io/transport-node';

export interface BusOptions {
  /**
   * One or more servers, separated by commas: `nats://host:4222`, `tls://host:4222`. Credentials go before the host, percent-encoded:
   * `user:password@`, or an nkey seed alone (`SU…@`).
   */
  readonly servers: string;
  /** Name of the service: connection name at the broker and prefix of the inboxes that it may subscribe to. */
  readonly name: string;
  /** How long a first connection is tried before the process gives up. */
  readonly connectTimeoutMs?: number;
}

const DIAL_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 250;
const PING_INTERVAL_MS = 5_000;
const MAX_PINGS_OUT = 2;

/**
 * The options of every connection. The defaults of the library would give up after ten tries and notice a dead broker after four
 * minutes; ours reconnect for ever and notice after ten seconds.
 * @param purpose told to the broker after the service's name, to tell the connections of one process apart.
 */
export function connectionOptions({ servers, name }: BusOptions, purpose: string): NodeConnectionOptions {
  const urls = servers.split(',').map((server) => parseServer(server));
  const login = urls.find((url) => url.username !== '');
  return {
    servers: urls.map((url) => url.host),
    name: `${name}:${purpose}`,
    inboxPrefix: inboxPrefix(name),
    timeout: DIAL_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // A stack for every request and publication is a good part of what they cost.
    noAsyncTraces: true,
    // An operator who fixes the credentials at the broker must not have to restart every service.
    ignoreAuthErrorAbort: true,
    ...(urls.some((url) => url.protocol === 'tls:') && { tls: {} }),
    ...(login && credentials(login)),
  };
}

/** A service receives replies below its own prefix, so that the broker can refuse it those of others. */
export const inboxPrefix = (name: string): string => `_INBOX.${name.replace(/[^A-Za-z0-9_-]/g, '-')}`;

/** A fresh subject below the service's inbox prefix. */
export const inboxOf = (name: string): string => createInbox(inboxPrefix(name));

/** The servers without credentials, for log lines and error messages. */
export const describeServers = (servers: string): string =>
  servers
    .split(',')
    .map((server) => `nats://${parseServer(server).host}`)
    .join(', ');

function parseServer(server: string): URL {
  const text = server.trim();
  const address = text.includes('://') ? text : `nats://${text}`;
  // The text may carry a password, so the message names only what was expected.
  if (!URL.canParse(address)) throw new Error('the address of the NATS server is not valid, expected nats://host:port');
  const url = new URL(address);
  if (!['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    throw new Error(`the address of the NATS server must look like nats://host:port, got the scheme ${url.protocol}`);
  }
  return url;
}

function credentials(url: URL): Pick<NodeConnectionOptions, 'user' | 'pass' | 'authenticator'> {
  const user = decodeURIComponent(url.username);
  if (url.password === '' && /^SU[A-Z2-7]{56}$/.test(user)) {
    return { authenticator: nkeyAuthenticator(new TextEncoder().encode(user)) };
  }
  return { user, pass: decodeURIComponent(url.password) };
}
