import { runService } from '@switchyard/chassis';
import { loadProberConfig } from './config.js';
import { ProberModule } from './prober.module.js';

const config = loadProberConfig();

await runService({
  name: 'prober',
  module: ProberModule.forRoot({ natsUrl: config.NATS_URL }),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    logLevel: config.LOG_LEVEL,
    natsUrl: config.NATS_URL,
  },
});
