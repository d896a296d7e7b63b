import { runService } from '@switchyard/chassis';
import { loadVaultConfig } from './config.js';
import { VaultModule } from './vault.module.js';

const config = loadVaultConfig();

await runService({
  name: 'vault',
  module: VaultModule.forRoot({
    natsUrl: config.NATS_URL,
    databaseUrl: config.DATABASE_URL,
    accountBytes: config.VAULT_ACCOUNT_BYTES,
    sweepMs: config.VAULT_SWEEP_MS,
  }),
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    logLevel: config.LOG_LEVEL,
    natsUrl: config.NATS_URL,
  },
  rpc: true,
});
