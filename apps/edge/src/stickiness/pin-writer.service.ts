import { Injectable, Logger } from '@nestjs/common';
import { KvBuckets } from '@switchyard/bus';
import { STICKY_BUCKET } from '@switchyard/contracts';
import type { StickyPin } from '@switchyard/contracts';

/** Changes that wait for the broker; beyond it the oldest is forgotten, because it costs at most a cache. */
export const MAX_WAITING = 10_000;

/** Tells other edges of places, behind the requests: nobody waits for it, and what cannot be told is told by the next success. */
@Injectable()
export class PinWriter {
  private readonly logger = new Logger(PinWriter.name);
  private readonly waiting = new Map<string, StickyPin | null>();
  private writing = false;

  constructor(private readonly kv: KvBuckets) {}

  /** @param pin null: the conversation has left its place */
  write(key: string, pin: StickyPin | null): void {
    this.waiting.delete(key);
    this.waiting.set(key, pin);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MAX_WAITING && oldest !== undefined) this.waiting.delete(oldest);
    if (!this.writing) void this.drain();
  }

  private async drain(): Promise<void> {
    this.writing = true;
    for (let next = this.take(); next; next = this.take()) {
      const [key, pin] = next;
      try {
        if (pin) await this.kv.put(STICKY_BUCKET, key, JSON.stringify(pin));
        else await this.kv.delete(STICKY_BUCKET, key);
      } catch (error) {
        this.logger.debug(`a place was not told to other edges: ${(error as Error).message}`);
      }
    }
    this.writing = false;
  }

  private take(): [string, StickyPin | null] | null {
    const [next] = this.waiting;
    if (!next) return null;
    this.waiting.delete(next[0]);
    return next;
  }
}
