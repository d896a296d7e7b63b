import { runService } from '@switchyard/chassis';
import { loadProberConfig } from './config.js';
import { ProberModule } from './prober.module.js';

const config = loadProberConfig();

await runService({
  name: 'prober',
  module: ProberModule.forRoot({
    natsUrl: config.NATS_URL,
    settings: {
      ejection: { stepMs: config.EJECTION_SECONDS * 1_000, maxMs: config.MAX_EJECTION_SECONDS * 1_000 },
      activeProbes: config.ACTIVE_PROBES !== 'off',
      probeIntervalMs: config.PROBE_INTERVAL_SECONDS * 1_000,
      instance: config.SERVICE_INSTANCE,
    },
  }),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    logLevel: config.LOG_LEVEL,
    natsUrl: config.NATS_URL,
  },
});
