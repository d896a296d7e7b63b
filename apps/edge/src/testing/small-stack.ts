import { Module } from '@nestjs/common';
import type { INestApplicationContext, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BusModule, StreamStrategy, connectBus, ensureTopology, rpcMicroservice } from '@switchyard/bus';
import type { Bus } from '@switchyard/bus';
import { ChassisModule, Drain, readConfig } from '@switchyard/chassis';
import { CATALOGUE_BUCKET, CatalogueModel, catalogueKey } from '@switchyard/contracts';
import { startNatsServer, waitUntil } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { z } from 'zod';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { edgeConfig } from '../config.js';
import type { EdgeConfig } from '../config.js';
import { EdgeModule } from '../edge.module.js';
import { configureHttp, fastifyOptions } from '../http/http-server.js';
import { PEPPER, SmallAuth } from './small-auth.js';
import { SmallBudgets } from './small-budgets.js';
import { SmallIdempotency } from './small-idempotency.js';
import { SmallLedger } from './small-ledger.js';
import { SmallQuota } from './small-quota.js';
import { SmallVault } from './small-vault.js';
import { SmallWorker } from './small-worker.js';

export interface RunningEdge {
  readonly url: string;
  readonly app: NestFastifyApplication;
}

/** A real nats-server with small services behind the real contracts, and as many real edges as a test wants. */
export class SmallStack {
  private readonly closing: (() => Promise<unknown>)[] = [];
  auth!: SmallAuth;
  ledger!: SmallLedger;
  quota!: SmallQuota;
  idempotency!: SmallIdempotency;
  budgets!: SmallBudgets;
  vault!: SmallVault;
  bus!: Bus;
  authApp!: INestMicroservice;
  readonly workers = new Map<string, SmallWorker>();

  private constructor(readonly nats: TestNats) {}

  static async start(): Promise<SmallStack> {
    const stack = new SmallStack(await startNatsServer());
    await ensureTopology(stack.nats.url);
    stack.bus = await connectBus({ servers: stack.nats.url, name: 'spec' });
    const auth = await stack.service('auth', SmallAuth);
    stack.authApp = auth.app;
    stack.auth = auth.service;
    stack.ledger = (await stack.service('ledger', SmallLedger)).service;
    stack.budgets = (await stack.service('budgets', SmallBudgets)).service;
    stack.vault = (await stack.service('vault', SmallVault)).service;
    stack.quota = (await stack.service('quota', SmallQuota)).service;
    stack.idempotency = (await stack.service('idempotency', SmallIdempotency)).service;
    stack.idempotency.ledger = stack.ledger;
    return stack;
  }

  async stop(): Promise<void> {
    for (const close of this.closing.reverse()) await close().catch(() => undefined);
    await this.bus.close();
    await this.nats.stop();
  }

  /** Starts a worker of a provider; the first one of a provider is found in `workers`. */
  async worker(provider: string): Promise<{ readonly service: SmallWorker; readonly app: INestMicroservice }> {
    const strategy = new StreamStrategy({ servers: this.nats.url, provider });
    const started = await this.run(this.moduleOf(SmallWorker, provider), SmallWorker, { strategy });
    started.service.name = strategy.workerId;
    if (!this.workers.has(provider)) this.workers.set(provider, started.service);
    return started;
  }

  async put(...models: readonly CatalogueModel[]): Promise<void> {
    for (const model of models)
      await this.bus.kv.put(CATALOGUE_BUCKET, catalogueKey(model.id), JSON.stringify(z.encode(CatalogueModel, model)));
  }

  async edge(variables: Readonly<Record<string, string>> = {}): Promise<RunningEdge> {
    const environment = {
      NATS_URL: this.nats.url,
      KEY_PEPPER: PEPPER,
      TICKET_SECRET: PEPPER,
      VAULT_SECRET: PEPPER,
      SHUTDOWN_DELAY_MS: '0',
      // Servers, services and edges share this process, so the lag of its loop says nothing of one edge.
      MAX_LOOP_LAG_MS: '60000',
      ...variables,
    };
    const { config, problems } = readConfig(edgeConfig, environment);
    if (problems.length > 0) throw new Error(problems.join('; '));
    const settings = config as EdgeConfig;

    @Module({ imports: [ChassisModule, EdgeModule.forRoot(settings)] })
    class EdgeRoot {}

    const adapter = new FastifyAdapter(fastifyOptions(settings));
    const app = await NestFactory.create<NestFastifyApplication>(EdgeRoot, adapter, { logger: ['error'] });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
    this.closing.push(() => {
      // Clients of the test may hold connections open that they no longer use.
      app.getHttpServer().closeAllConnections();
      return app.close();
    });
    return { url: await app.getUrl(), app };
  }

  /** Waits until the edge knows so many models. */
  async knows(edge: RunningEdge, models: number): Promise<void> {
    const store = edge.app.get(CatalogueStore, { strict: false });
    await waitUntil(() => store.size >= models, { what: 'the catalogue' });
  }

  /** A key of an account with this much credit. */
  customer(usd: number, fields: Parameters<SmallAuth['add']>[0] = {}): ReturnType<SmallAuth['add']> {
    const customer = this.auth.add(fields);
    this.ledger.deposit(customer.key.accountId, BigInt(Math.round(usd * 1e9)));
    return customer;
  }

  drain(edge: RunningEdge): Promise<string[]> {
    return edge.app.get(Drain, { strict: false }).run(20_000);
  }

  private service<Service>(name: string, type: Type<Service>) {
    return this.run(this.moduleOf(type, name), type, rpcMicroservice({ servers: this.nats.url, name }));
  }

  private moduleOf(controller: Type, name: string): Type {
    @Module({ imports: [BusModule.forRoot({ servers: this.nats.url, name })], controllers: [controller] })
    class SmallModule {}
    return SmallModule;
  }

  private async run<Service>(module: Type, type: Type<Service>, options: object) {
    const app = await NestFactory.createMicroservice(module, { ...options, logger: ['error'] });
    await app.listen();
    this.closing.push(() => app.close());
    const context: INestApplicationContext = app;
    return { app, service: context.get(type) };
  }
}
