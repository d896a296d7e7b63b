import { runService } from '@switchyard/chassis';
import { loadRegistryConfig } from './config.js';
import { RegistryModule } from './registry.module.js';

const config = loadRegistryConfig();

await runService({
  name: 'registry',
  module: RegistryModule.forRoot({ natsUrl: config.NATS_URL, databaseUrl: config.DATABASE_URL }),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    logLevel: config.LOG_LEVEL,
    natsUrl: config.NATS_URL,
  },
  rpc: true,
});
