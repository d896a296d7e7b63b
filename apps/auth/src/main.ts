import { runService } from '@switchyard/chassis';
import { AuthModule } from './auth.module.js';
import { loadAuthConfig } from './config.js';

const config = loadAuthConfig();

await runService({
  name: 'auth',
  module: AuthModule.forRoot({
    natsUrl: config.NATS_URL,
    databaseUrl: config.DATABASE_URL,
    pepper: config.KEY_PEPPER,
  }),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    logLevel: config.LOG_LEVEL,
    natsUrl: config.NATS_URL,
  },
  rpc: true,
});
