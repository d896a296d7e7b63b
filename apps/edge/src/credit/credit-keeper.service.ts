import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { EventSubscriber } from '@switchyard/bus';
import type { EventSubscription } from '@switchyard/bus';
import { LeaseRecalled, UsageApplied } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { EdgeProcess } from '../process/edge-process.js';
import { CreditService } from './credit.service.js';
import { SecondWitness } from './second-witness.service.js';

const ROUND_MS = 1_000;

/** Keeps leases and usage in order beside the requests: renewal, return, confirmation. */
@Injectable()
export class CreditKeeper implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private subscriptions: EventSubscription[] = [];
  private countedLeases = 0;

  constructor(
    private readonly credit: CreditService,
    private readonly events: EventSubscriber,
    private readonly witness: SecondWitness,
    private readonly edge: EdgeProcess,
  ) {}

  onModuleInit(): void {
    const mine = { suffix: this.edge.edgeId };
    this.subscriptions = [
      this.events.subscribe(
        UsageApplied,
        ({ applied }) => applied.forEach((usage) => this.credit.pending.confirm(usage)),
        mine,
      ),
      this.events.subscribe(LeaseRecalled, (recall) => this.credit.recall(recall), mine),
    ];
    let running = false;
    this.timer = setInterval(() => {
      // A slow ledger must not pile rounds up.
      if (running) return;
      running = true;
      this.round = this.keep().finally(() => (running = false));
    }, ROUND_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) subscription.stop();
  }

  /** Before the process ends: leases go back, and what the ledger has not confirmed is published once more. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.witness.speakOfAll();
    await this.round;
    await this.credit.closeAll();
  }

  private async keep(): Promise<void> {
    await this.credit.keep();
    this.countLeases();
  }

  private countLeases(): void {
    const { activeLeases } = this.credit;
    instruments.leasesOpen.add(activeLeases - this.countedLeases);
    this.countedLeases = activeLeases;
  }
}
