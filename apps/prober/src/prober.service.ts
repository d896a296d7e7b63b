import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { EventSubscriber, KvBuckets } from '@switchyard/bus';
import { Health } from '@switchyard/chassis';
import { AttemptFinished, EndpointHealth, HEALTH_BUCKET } from '@switchyard/contracts';
import type { AttemptOutcome } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { Roster } from './catalogue/roster.js';
import { Clock } from './clock.js';
import { Fleet } from './fleet/fleet.js';
import { HealthPublisher } from './publish/health.publisher.js';

const TICK_MS = 250;
const PRUNE_EVERY_MS = 30_000;

/** Listens to every attempt, lets the fleet decide, and publishes what changed. */
@Injectable()
export class ProberService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ProberService.name);
  private readonly stops: (() => unknown)[] = [];
  private restored = false;
  private prunedAtMs = 0;

  constructor(
    private readonly kv: KvBuckets,
    private readonly events: EventSubscriber,
    private readonly fleet: Fleet,
    private readonly roster: Roster,
    private readonly publisher: HealthPublisher,
    private readonly clock: Clock,
    private readonly health: Health,
  ) {}

  onApplicationBootstrap(): void {
    this.health.check('health-restored', () => {
      if (!this.restored) throw new Error('the last known health is not read back yet');
    });
    this.restore();
    const subscription = this.events.subscribe(AttemptFinished, (outcome) => this.observe(outcome), { suffix: '*' });
    const timer = setInterval(() => this.tick(), TICK_MS);
    this.stops.push(
      () => subscription.stop(),
      () => clearInterval(timer),
    );
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
  }

  private observe(outcome: AttemptOutcome): void {
    if (!this.roster.mayHave(outcome.endpointId)) return;
    const nowMs = this.clock.nowMs();
    const changed = this.fleet.observe(outcome, nowMs);
    this.publisher.touch(outcome.endpointId, nowMs, changed);
    if (changed) this.announce(outcome.endpointId, nowMs);
  }

  private tick(): void {
    const nowMs = this.clock.nowMs();
    for (const endpointId of this.fleet.tick(nowMs)) {
      this.publisher.touch(endpointId, nowMs, true);
      this.announce(endpointId, nowMs);
    }
    this.publisher.flush(nowMs, (endpointId) => this.fleet.read(endpointId, nowMs));
    if (nowMs - this.prunedAtMs >= PRUNE_EVERY_MS) this.prune(nowMs);
  }

  private announce(endpointId: string, nowMs: number): void {
    const health = this.fleet.read(endpointId, nowMs);
    if (!health) return;
    this.logger.log(`${endpointId} is ${health.state}, ejected ${health.timesEjected} times`);
    instruments.endpointTransitions.add(1, { state: health.state });
    this.publisher.flushOne(endpointId, nowMs, () => health);
  }

  /** Forgets endpoints that left the catalogue. */
  private prune(nowMs: number): void {
    this.prunedAtMs = nowMs;
    for (const endpointId of this.fleet.endpointIds()) {
      if (this.roster.mayHave(endpointId)) continue;
      this.fleet.remove(endpointId);
      this.publisher.remove(endpointId);
    }
  }

  /** Reads back what was published before this process began. */
  private restore(): void {
    const watching = this.kv.watch(HEALTH_BUCKET, {
      onEntry: (key, value) => {
        if (value && !this.restored) this.restoreEntry(key, value);
      },
      onInitialDone: () => {
        this.restored = true;
        void watching.then((watch) => watch.stop());
      },
    });
    this.stops.push(async () => {
      if (this.restored) await (await watching).stop();
    });
  }

  private restoreEntry(key: string, value: Uint8Array): void {
    try {
      const health = EndpointHealth.parse(JSON.parse(new TextDecoder().decode(value)));
      const nowMs = this.clock.nowMs();
      this.fleet.restore(health, nowMs);
      this.publisher.touch(health.endpointId, nowMs, false);
    } catch (error) {
      this.logger.warn(`health entry ${key} is broken and ignored: ${(error as Error).message}`);
    }
  }
}
