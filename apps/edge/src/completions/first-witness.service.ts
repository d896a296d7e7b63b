import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import { CreditService } from '../credit/credit.service.js';

/** Speaks for workers that died behind an answer: what they reported last may never have left them. */
@Injectable()
export class FirstWitness implements OnModuleInit, OnApplicationShutdown {
  private unsubscribe: (() => void) | null = null;

  constructor(
    private readonly streams: StreamClient,
    private readonly credit: CreditService,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.streams.onWorkerGone((worker) => this.credit.pending.hurry(worker));
  }

  onApplicationShutdown(): void {
    this.unsubscribe?.();
  }
}
