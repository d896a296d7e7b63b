import { Injectable, Logger } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import { EndpointHealth, HEALTH_BUCKET, escapeKey } from '@switchyard/contracts';
import { z } from 'zod';
import { PublishSchedule } from './publish-schedule.js';

/** Writes health to its bucket, one write of an endpoint at a time, so that the newest is the last. */
@Injectable()
export class HealthPublisher {
  private readonly logger = new Logger(HealthPublisher.name);
  private readonly schedule = new PublishSchedule();
  private readonly inFlight = new Set<string>();
  private failing = false;

  constructor(private readonly kv: KvBuckets) {}

  touch(endpointId: string, nowMs: number, urgent: boolean): void {
    this.schedule.touch(endpointId, nowMs, urgent);
  }

  /** Publishes what is due. `read` gives the health of an endpoint, null when there is none any more. */
  flush(nowMs: number, read: (endpointId: string) => EndpointHealth | null): void {
    for (const endpointId of this.schedule.due(nowMs)) this.flushOne(endpointId, nowMs, read);
  }

  /** The same for one endpoint, for news that cannot wait. */
  flushOne(endpointId: string, nowMs: number, read: (endpointId: string) => EndpointHealth | null): void {
    if (this.inFlight.has(endpointId) || !this.schedule.isDue(endpointId, nowMs)) return;
    const health = read(endpointId);
    if (!health) return this.schedule.forget(endpointId);
    this.schedule.published(endpointId, nowMs);
    void this.put(health);
  }

  /** Somebody else publishes from now on. */
  forget(): void {
    this.schedule.clear();
  }

  /** Takes an endpoint that is no more out of the bucket. */
  remove(endpointId: string): void {
    this.schedule.forget(endpointId);
    this.kv.delete(HEALTH_BUCKET, escapeKey(endpointId)).catch((error: unknown) => this.complain(error));
  }

  private async put(health: EndpointHealth): Promise<void> {
    this.inFlight.add(health.endpointId);
    try {
      const value = JSON.stringify(z.encode(EndpointHealth, health));
      await this.kv.put(HEALTH_BUCKET, escapeKey(health.endpointId), value);
      this.failing = false;
    } catch (error) {
      this.schedule.failed(health.endpointId);
      this.complain(error);
    } finally {
      this.inFlight.delete(health.endpointId);
    }
  }

  /** A broker that is away is one line, not one per endpoint and second. */
  private complain(error: unknown): void {
    if (!this.failing) this.logger.warn(`health can not be published for now: ${(error as Error).message}`);
    this.failing = true;
  }
}
