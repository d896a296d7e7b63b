import { type CustomTransportStrategy } from '@nestjs/microservices';
import { type DynamicModule, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Bus, rpcMicroservice } from '@switchyard/bus';
import { z } from 'zod';
import { ChassisModule } from './chassis.module.js';
import { loadConfig } from './config/load-config.js';
import { type LogLevelName, serviceConfig } from './config/service-config.js';
import { serveProbes } from './http/probes.js';
import { endOnUnhandledErrors } from './lifecycle/crash.js';
import { describeError } from './lifecycle/describe-error.js';
import { Drain } from './lifecycle/drain.js';
import { Health } from './lifecycle/health.js';
import { watchParent } from './lifecycle/parent-watch.js';
import { Shutdown } from './lifecycle/shutdown.js';
import { JsonLogger } from './logging/json-logger.js';

export interface ServiceOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly config: {
    readonly httpHost: string;
    readonly httpPort: number;
    readonly natsUrl: string;
    readonly logLevel: LogLevelName;
  };
  /** Answer the contracts that the module's controllers serve. */
  readonly rpc?: boolean;
  /** Further ways in, made when the application's providers exist. */
  readonly strategies?: (app: NestFastifyApplication) => CustomTransportStrategy[];
  /** Changes the HTTP server before it listens. */
  readonly http?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Options of Fastify that can only be given when it is made. */
  readonly fastify?: NonNullable<ConstructorParameters<typeof FastifyAdapter>[0]>;
  /** How long the steps of {@link Drain} may take together. */
  readonly shutdownTimeoutMs?: number;
}

const SHUTDOWN_TIMEOUT_MS = 25_000;
const REQUEST_TIMEOUT_MS = 30_000;
const EXIT_START = 1;

/**
 * Runs a service until it is told to stop: logs as JSON, serves probes and metrics, answers calls, and stops in order. Returns when
 * the service is ready. A start that fails is one log line and exit code 1.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { SERVICE_INSTANCE: instance } = loadConfig(z.object({ SERVICE_INSTANCE: serviceConfig.SERVICE_INSTANCE }));
  const logger = new JsonLogger({ service: options.name, instance, level: options.config.logLevel });
  Logger.overrideLogger(logger);
  endOnUnhandledErrors();
  try {
    await start(options, logger);
  } catch (error) {
    logger.fatal(`${options.name} cannot start: ${describeError(error)}`, 'start');
    process.exit(EXIT_START);
  }
}

async function start(options: ServiceOptions, logger: JsonLogger): Promise<void> {
  const { name, config } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(options.module),
    // Fastify's own defaults wait for ever for the rest of a request.
    new FastifyAdapter({ requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: 'idle', ...options.fastify }),
    { logger, abortOnError: false },
  );
  const health = app.get(Health, { strict: false });
  const shutdown = new Shutdown(
    app,
    app.get(Drain, { strict: false }),
    options.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS,
  );
  shutdown.listen();
  watchParent(() => shutdown.begin('the parent process is gone'));
  serveProbes(app);
  checkBus(app, health);
  await options.http?.(app);
  if (options.rpc === true) app.connectMicroservice(rpcMicroservice({ servers: config.natsUrl, name }));
  for (const strategy of options.strategies?.(app) ?? []) app.connectMicroservice({ strategy });
  // Calls are answered only when the hooks of the service have run.
  await app.init();
  await app.startAllMicroservices();
  await app.listen(config.httpPort, config.httpHost);
  health.markStarted();
  logger.markStarted();
  logger.log(`${name} is ready on ${await app.getUrl()}`, 'start');
}

function rootModule(module: Type | DynamicModule): Type {
  @Module({ imports: [ChassisModule, module] })
  class ServiceModule {}
  return ServiceModule;
}

/** A service without its bus should get no work. */
function checkBus(app: NestFastifyApplication, health: Health): void {
  let bus: Bus;
  try {
    bus = app.get(Bus, { strict: false });
  } catch {
    return;
  }
  health.check('nats', () => {
    if (!bus.connected) throw new Error('no connection to NATS');
  });
}
