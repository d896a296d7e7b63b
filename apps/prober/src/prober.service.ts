import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { EventSubscriber, KvBuckets } from '@switchyard/bus';
import { Health } from '@switchyard/chassis';
import { AttemptFinished, AttemptsFinished } from '@switchyard/contracts';
import type { AttemptOutcome } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { Roster } from './catalogue/roster.js';
import { Clock } from './clock.js';
import { Fleet } from './fleet/fleet.js';
import { RecentOutcomes } from './fleet/recent-outcomes.js';
import { LeaderLease } from './leadership/leader-lease.js';
import { ProbesService } from './probes/probes.service.js';
import { HealthPublisher } from './publish/health.publisher.js';
import type { Memories } from './state/state.store.js';
import { StateStore } from './state/state.store.js';

const TICK_MS = 250;
const PRUNE_EVERY_MS = 30_000;
const RETRY_MS = 500;

/**
 * Listens to every attempt. The one prober that leads lets the fleet decide, publishes what changed and stores what it knows; the
 * others remember what they heard lately, to go on from there.
 */
@Injectable()
export class ProberService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ProberService.name);
  private readonly recent = new RecentOutcomes();
  private readonly lease: LeaderLease;
  private stops: (() => void)[] = [];
  /** The fleet is up to date and this process decides. */
  private deciding = false;
  /** Counts the times that this process came to lead, or ceased to. */
  private term = 0;
  private closed = false;
  private prunedAtMs = 0;

  constructor(
    kv: KvBuckets,
    private readonly events: EventSubscriber,
    private readonly fleet: Fleet,
    private readonly roster: Roster,
    private readonly publisher: HealthPublisher,
    private readonly state: StateStore,
    private readonly probes: ProbesService,
    private readonly clock: Clock,
    private readonly health: Health,
  ) {
    this.lease = new LeaderLease(kv, randomUUID(), {
      onGained: () => void this.begin(),
      onLost: () => this.end(),
    });
  }

  onApplicationBootstrap(): void {
    this.health.check('health-restored', () => {
      if (!this.lease.known) throw new Error('it is not known yet which prober leads');
      if (this.lease.held && !this.deciding) throw new Error('the last known health is not read back yet');
    });
    const suffix = '*';
    const subscriptions = [
      this.events.subscribe(AttemptsFinished, ({ outcomes }) => outcomes.forEach((each) => this.hear(each)), {
        suffix,
      }),
      // Of workers from before that event.
      this.events.subscribe(AttemptFinished, (outcome) => this.hear(outcome), { suffix }),
    ];
    const timer = setInterval(() => this.tick(), TICK_MS);
    this.stops = [...subscriptions.map((each) => () => each.stop()), () => clearInterval(timer)];
    this.lease.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    this.stops.forEach((stop) => stop());
    if (this.deciding && this.lease.held) await this.state.flush(this.clock.nowMs());
    this.deciding = false;
    await this.lease.stop();
  }

  private hear(outcome: AttemptOutcome): void {
    if (!this.roster.mayHave(outcome.endpointId)) return;
    if (this.deciding) this.observe(outcome, this.clock.nowMs());
    else this.recent.push(outcome, this.clock.nowMs());
  }

  private observe(outcome: AttemptOutcome, nowMs: number): void {
    const changed = this.fleet.observe(outcome, nowMs);
    const endpoint = this.fleet.get(outcome.endpointId);
    if (endpoint) this.state.touch(endpoint);
    this.publisher.touch(outcome.endpointId, nowMs, changed);
    if (changed) this.announce(outcome.endpointId, nowMs);
  }

  private tick(): void {
    // A leader that the broker has not confirmed lately may not be one any more.
    if (!this.deciding || !this.lease.held) return;
    const nowMs = this.clock.nowMs();
    for (const endpointId of this.fleet.tick(nowMs)) {
      this.publisher.touch(endpointId, nowMs, true);
      this.announce(endpointId, nowMs);
    }
    this.publisher.flush(nowMs, (endpointId) => this.fleet.read(endpointId, nowMs));
    this.state.tick(nowMs);
    this.probes.tick(this.fleet, nowMs);
    if (nowMs - this.prunedAtMs >= PRUNE_EVERY_MS) this.prune(nowMs);
  }

  private announce(endpointId: string, nowMs: number): void {
    const health = this.fleet.read(endpointId, nowMs);
    if (!health) return;
    this.logger.log(`${endpointId} is ${health.state}, ejected ${health.timesEjected} times`);
    instruments.endpointTransitions.add(1, { state: health.state });
    if (this.lease.held) this.publisher.flushOne(endpointId, nowMs, () => health);
  }

  /** Forgets endpoints that left the catalogue. */
  private prune(nowMs: number): void {
    this.prunedAtMs = nowMs;
    for (const endpointId of this.fleet.endpointIds()) {
      if (this.roster.mayHave(endpointId)) continue;
      this.fleet.remove(endpointId);
      this.state.remove(endpointId);
      this.publisher.remove(endpointId);
    }
  }

  /** Goes on where the last leader stopped: from what it stored, and from what was heard since. */
  private async begin(): Promise<void> {
    this.term += 1;
    const { term } = this;
    let memories: Memories | null = null;
    while (memories === null) {
      memories = await this.state.read().catch(async (error: unknown) => {
        this.logger.warn(`what is stored can not be read back yet: ${(error as Error).message}`);
        await sleep(RETRY_MS);
        return null;
      });
      // Reading may have taken so long that another leads by now.
      if (this.closed || term !== this.term) return;
    }
    const nowMs = this.clock.nowMs();
    for (const [endpointId, { modelId, ...memory }] of memories) {
      this.fleet.restore(endpointId, modelId, memory, nowMs);
      this.publisher.touch(endpointId, nowMs, false);
    }
    // What does not say where it comes from may be counted already.
    for (const { outcome, heardAtMs } of this.recent.take()) if (outcome.origin) this.observe(outcome, heardAtMs);
    this.deciding = true;
  }

  private end(): void {
    this.term += 1;
    this.deciding = false;
    this.fleet.clear();
    this.state.forget();
    this.publisher.forget();
  }
}
