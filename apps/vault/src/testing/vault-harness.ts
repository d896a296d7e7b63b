import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { connectBus, ensureTopology, rpcMicroservice, type Bus } from '@switchyard/bus';
import { ChassisModule } from '@switchyard/chassis';
import { migrate, roleOf } from '@switchyard/database';
import { startNatsServer, startPostgres, type TestPostgres } from '@switchyard/testing';
import { MIGRATIONS, SCHEMA } from '../schema.js';
import { VaultModule, type VaultOptions } from '../vault.module.js';

/** The vault as it runs, on servers of its own. */
export interface VaultHarness {
  readonly postgres: TestPostgres;
  readonly bus: Bus;
  readonly ownerUrl: string;
  stop(): Promise<void>;
}

export async function startVault(options: Pick<VaultOptions, 'accountBytes' | 'sweepMs'>): Promise<VaultHarness> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNatsServer()]);
  const ownerUrl = await postgres.createDatabase('switchyard');
  const url = new URL(ownerUrl);
  url.username = 'vault_app';
  url.password = randomBytes(16).toString('hex');
  await migrate({ url: ownerUrl, schema: SCHEMA, migrations: MIGRATIONS, role: roleOf(url.toString()) });
  const bus = await connectBus({ servers: nats.url, name: 'test' });
  await ensureTopology(bus);
  const vault = await NestFactory.createMicroservice(
    {
      module: class RootModule {},
      imports: [ChassisModule, VaultModule.forRoot({ natsUrl: nats.url, databaseUrl: url.toString(), ...options })],
    },
    { ...rpcMicroservice({ servers: nats.url, name: 'vault' }), logger: false },
  );
  await vault.listen();
  return {
    postgres,
    bus,
    ownerUrl,
    async stop() {
      await bus.close();
      await vault.close();
      await Promise.all([postgres.stop(), nats.stop()]);
    },
  };
}
