import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { StreamStrategy } from '@switchyard/bus';
import { Drain, Health } from '@switchyard/chassis';
import { OutcomeReporter } from './attempts/outcome.reporter.js';
import { WORKER_CONFIG } from './config.js';
import type { WorkerConfig } from './config.js';
import { UsageReporter } from './usage/usage.reporter.js';

const STREAMS_ORDER = 10;
const USAGE_ORDER = 20;

/** When the worker may get work, and what it finishes before it goes. */
@Injectable()
export class WorkerLifecycle implements OnModuleInit {
  constructor(
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    private readonly strategy: StreamStrategy,
    private readonly usage: UsageReporter,
    private readonly outcomes: OutcomeReporter,
    private readonly health: Health,
    private readonly drain: Drain,
  ) {}

  onModuleInit(): void {
    this.health.check('streams', () => {
      if (!this.strategy.connected) throw new Error('no data connection to NATS');
    });
    this.health.check('provider', () => {
      const { provider, keys } = this.config;
      if (provider.keyRequired && keys.length === 0 && !provider.signing)
        throw new Error(`no key for ${provider.name}`);
    });
    this.drain.register('streams', STREAMS_ORDER, () => this.strategy.drain(this.config.drainMs));
    this.drain.register('usage', USAGE_ORDER, () => {
      this.outcomes.flush();
      return this.usage.flush();
    });
  }
}
