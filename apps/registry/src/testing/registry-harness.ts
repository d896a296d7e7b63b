import 'reflect-metadata';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChassisModule } from '@switchyard/chassis';
import { connectBus, ensureTopology, rpcMicroservice, type Bus } from '@switchyard/bus';
import { migrate, roleOf } from '@switchyard/database';
import { startNatsServer, startPostgres, type TestNats, type TestPostgres } from '@switchyard/testing';
import { randomBytes } from 'node:crypto';
import { RegistryModule } from '../registry.module.js';
import { MIGRATIONS, SCHEMA } from '../schema.js';

/** Servers with a migrated, empty catalogue; the service starts when the test says so. */
export interface RegistryHarness {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly ownerUrl: string;
  /** Url of the service's own role. */
  readonly databaseUrl: string;
  startService(): Promise<INestMicroservice>;
  stop(): Promise<void>;
}

export async function startRegistry(): Promise<RegistryHarness> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNatsServer()]);
  const ownerUrl = await postgres.createDatabase('switchyard');
  const url = new URL(ownerUrl);
  url.username = 'registry_app';
  url.password = randomBytes(16).toString('hex');
  const databaseUrl = url.toString();
  await migrate({ url: ownerUrl, schema: SCHEMA, migrations: MIGRATIONS, role: roleOf(databaseUrl) });
  const bus = await connectBus({ servers: nats.url, name: 'test' });
  await ensureTopology(bus);
  const services: INestMicroservice[] = [];
  return {
    postgres,
    nats,
    bus,
    ownerUrl,
    databaseUrl,
    async startService() {
      const service = await NestFactory.createMicroservice(
        {
          module: class RootModule {},
          imports: [ChassisModule, RegistryModule.forRoot({ natsUrl: nats.url, databaseUrl })],
        },
        {
          ...rpcMicroservice({ servers: nats.url, name: 'registry' }),
          logger: false,
        },
      );
      await service.listen();
      services.push(service);
      return service;
    },
    async stop() {
      await bus.close();
      for (const service of services) await service.close();
      await Promise.all([postgres.stop(), nats.stop()]);
    },
  };
}
