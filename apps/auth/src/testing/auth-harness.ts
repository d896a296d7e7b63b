import 'reflect-metadata';
import { Controller, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChassisModule } from '@switchyard/chassis';
import { connectBus, ensureTopology, Request, rpcMicroservice, Serves, type Bus } from '@switchyard/bus';
import { GatewayError, OpenAccount, OpenBudget, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { migrate, roleOf } from '@switchyard/database';
import { startNatsServer, startPostgres, type TestNats, type TestPostgres } from '@switchyard/testing';
import { randomBytes } from 'node:crypto';
import { AuthModule } from '../auth.module.js';
import { MIGRATIONS, SCHEMA } from '../schema.js';

/** Stands where the ledger stands: answers the calls that auth makes. */
@Controller()
export class LedgerDouble {
  static readonly opened: string[] = [];
  static readonly budgets: RequestOf<typeof OpenBudget>[] = [];
  static failing = false;

  @Serves(OpenAccount)
  open(@Request(OpenAccount) { accountId }: RequestOf<typeof OpenAccount>): ReplyOf<typeof OpenAccount> {
    if (LedgerDouble.failing) throw new GatewayError('service_unavailable', { retryAfterMs: 1000 });
    const opened = !LedgerDouble.opened.includes(accountId);
    if (opened) LedgerDouble.opened.push(accountId);
    return { opened };
  }

  @Serves(OpenBudget)
  openBudget(@Request(OpenBudget) budget: RequestOf<typeof OpenBudget>): ReplyOf<typeof OpenBudget> {
    if (LedgerDouble.failing) throw new GatewayError('service_unavailable', { retryAfterMs: 1000 });
    LedgerDouble.budgets.push(budget);
    return { spentNanos: 0n };
  }
}

/** The auth service as it runs, on servers of its own. */
export interface AuthHarness {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly ownerUrl: string;
  readonly pepper: string;
  stop(): Promise<void>;
}

export async function startAuth(): Promise<AuthHarness> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNatsServer()]);
  const ownerUrl = await postgres.createDatabase('switchyard');
  const url = new URL(ownerUrl);
  url.username = 'auth_app';
  url.password = randomBytes(16).toString('hex');
  const pepper = randomBytes(32).toString('hex');
  await migrate({ url: ownerUrl, schema: SCHEMA, migrations: MIGRATIONS, role: roleOf(url.toString()) });
  const bus = await connectBus({ servers: nats.url, name: 'test' });
  await ensureTopology(bus);
  const auth = await NestFactory.createMicroservice(
    {
      module: class RootModule {},
      imports: [ChassisModule, AuthModule.forRoot({ natsUrl: nats.url, databaseUrl: url.toString(), pepper })],
    },
    { ...rpcMicroservice({ servers: nats.url, name: 'auth' }), logger: false },
  );
  const ledger = await NestFactory.createMicroservice(
    { module: class LedgerModule {}, controllers: [LedgerDouble] },
    { ...rpcMicroservice({ servers: nats.url, name: 'ledger' }), logger: false },
  );
  await Promise.all([auth.listen(), ledger.listen()]);
  const apps: INestApplicationContext[] = [auth, ledger];
  return {
    postgres,
    nats,
    bus,
    ownerUrl,
    pepper,
    async stop() {
      await bus.close();
      for (const app of apps) await app.close();
      await Promise.all([postgres.stop(), nats.stop()]);
    },
  };
}
