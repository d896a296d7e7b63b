import 'reflect-metadata';
import { StreamStrategy } from '@switchyard/bus';
import { runService } from '@switchyard/chassis';
import { readConfig } from './config.js';
import { WorkerModule } from './worker.module.js';

/** What closing takes beyond the drain of streams: usage that waits for its confirmation. */
const AFTER_DRAIN_MS = 15_000;

const config = readConfig();

await runService({
  name: `worker-${config.provider.id}`,
  module: WorkerModule.forRoot(config),
  config,
  strategies: (app) => [app.get(StreamStrategy, { strict: false })],
  shutdownTimeoutMs: config.drainMs + AFTER_DRAIN_MS,
});
