export { Connection, ConnectionLostError, type ConnectionStatus } from './connection.js';
export { type BusOptions, connectionOptions, describeServers, inboxOf, inboxPrefix } from './options.js';
export { assertServerVersion } from './version.js';
