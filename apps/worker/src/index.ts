export { readConfig, type WorkerConfig } from './config.js';
export { WorkerModule } from './worker.module.js';
