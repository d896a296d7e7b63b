export { Bus, connectBus } from './bus.js';
export { BusModule } from './bus.module.js';
export * from './collections/index.js';
export * from './connection/index.js';
export * from './events/index.js';
export * from './jetstream/index.js';
export * from './rpc/index.js';
export * from './stream/index.js';
