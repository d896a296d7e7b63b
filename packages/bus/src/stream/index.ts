export * from './core/index.js';
export type { OpenOptions } from './core/edge-host.js';
export type { UpstreamStream } from './edge/upstream-stream.js';
export { StreamClient, type StreamClientOptions } from './edge/stream-client.js';
export { StreamClientModule } from './edge/stream-client.module.js';
export type { StreamContext } from './worker/stream-context.js';
export { STREAM_TRANSPORT, StreamHandler } from './worker/stream-handler.js';
export { StreamStrategy, type StreamStrategyOptions } from './worker/stream-strategy.js';
