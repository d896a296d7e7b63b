// A service for the tests of start and shutdown: what it does is told by TEST_MODE, a list of words.
import { Controller, Get, Inject, Logger, Module } from '@nestjs/common';
import { BusModule, Serves, Request } from '@switchyard/bus';
import { rpc } from '@switchyard/contracts';
import { Drain, Health, loadConfig, runService, serviceConfig } from '@switchyard/chassis';
import { z } from 'zod';

const config = loadConfig(
  z.object({
    ...serviceConfig,
    TEST_MODE: z.string().default(''),
    TEST_SECRET: z.string().min(8).optional().describe('a secret of at least 8 characters'),
  }),
);
const modes = new Set(config.TEST_MODE.split(','));
const logger = new Logger('test');

const Echo = rpc('chassis-test.v1.rpc.text.echo', z.object({ text: z.string() }), z.object({ text: z.string() }));

class EchoController {
  async echo({ text }) {
    if (text === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
    return { text };
  }

  async slow() {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { slow: true };
  }
}
const method = (name) => Object.getOwnPropertyDescriptor(EchoController.prototype, name);
Request(Echo)(EchoController.prototype, 'echo', 0);
Serves(Echo)(EchoController.prototype, 'echo', method('echo'));
Get('slow')(EchoController.prototype, 'slow', method('slow'));
Controller()(EchoController);

class TestModule {
  constructor(drain, health) {
    drain.register('second', 20, async () => logger.log('drain second'));
    drain.register('first', 10, async () => {
      logger.log('drain first begins');
      if (modes.has('slow-drain')) await new Promise((resolve) => setTimeout(resolve, 60_000));
      if (modes.has('failing-drain')) throw new Error('drain broke');
      await new Promise((resolve) => setTimeout(resolve, 100));
      logger.log('drain first ends');
    });
    if (modes.has('unhealthy')) health.check('thing', () => Promise.reject(new Error('thing is down')));
    if (modes.has('stuck-probe')) health.check('stuck', () => new Promise(() => {}));
  }

  onModuleInit() {
    if (modes.has('fail-init')) throw new Error('init broke', { cause: new Error('because of that') });
    if (modes.has('reject-later')) setTimeout(() => void Promise.reject(new Error('nobody handles this')), 300);
    if (modes.has('throw-later'))
      setTimeout(() => {
        throw new Error('nobody catches this');
      }, 300);
    if (modes.has('leak'))
      logger.log('key sk-sy-v1-abcdefghijklmnop and postgres://user:hunter2@db/x, Bearer abcdefghijkl');
  }

  onApplicationShutdown() {
    logger.log('module closed');
  }
}
Inject(Drain)(TestModule, undefined, 0);
Inject(Health)(TestModule, undefined, 1);
Module({
  imports: modes.has('no-bus')
    ? []
    : [BusModule.forRoot({ servers: config.NATS_URL, name: 'chassis-test', connectTimeoutMs: 1_000 })],
  controllers: [EchoController],
})(TestModule);

await runService({
  name: 'chassis-test',
  module: TestModule,
  config: {
    httpHost: config.HTTP_HOST,
    httpPort: config.HTTP_PORT,
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
  },
  rpc: !modes.has('no-bus'),
  shutdownTimeoutMs: 2_000,
});
