export { ServerProcess } from './servers/child.js';
export { findNatsServer } from './servers/nats-binary.js';
export { pidFileOf, startNatsServer, type NatsOptions, type TestNats } from './servers/nats.js';
export { freePort, isListening, waitUntil } from './servers/ports.js';
export { reachableDirectory } from './servers/postgres-binaries.js';
export { startTcpProxy, type TcpProxy } from './servers/tcp-proxy.js';
export { startPostgres, type PostgresOptions, type TestPostgres } from './servers/postgres.js';
export { fixturesDirectory } from './fixtures.js';
export * from './simulator/index.js';
