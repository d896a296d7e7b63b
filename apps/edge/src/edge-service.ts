import type { ServiceOptions } from '@switchyard/chassis';
import type { EdgeConfig } from './config.js';
import { EdgeModule } from './edge.module.js';
import { configureHttp, fastifyOptions } from './http/http-server.js';

/** What follows the streams at shutdown: leases and usage. */
const AFTER_STREAMS_MS = 15_000;

/** How the chassis runs an edge. */
export const edgeService = (config: EdgeConfig): ServiceOptions => ({
  name: 'edge',
  module: EdgeModule.forRoot(config),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
  },
  fastify: fastifyOptions(config),
  http: configureHttp,
  shutdownTimeoutMs: config.SHUTDOWN_DELAY_MS + config.SHUTDOWN_TIMEOUT_MS + AFTER_STREAMS_MS,
});
