import type { StickyPin } from '@switchyard/contracts';
import { LRUCache } from 'lru-cache';

export const MAX_PINS = 200_000;

interface Kept {
  readonly pin: StickyPin;
  readonly untilMs: number;
}

/** Places of conversations that this edge knows, its own and those of others, in the clock of the process. */
export class PinStore {
  private readonly pins = new LRUCache<string, Kept>({ max: MAX_PINS });

  constructor(private readonly clock: () => number) {}

  /** Nobody stays anywhere, so that nothing has to be looked up. */
  get isEmpty(): boolean {
    return this.pins.size === 0;
  }

  get(key: string): StickyPin | null {
    const kept = this.pins.get(key);
    if (!kept) return null;
    if (this.clock() < kept.untilMs) return kept.pin;
    this.pins.delete(key);
    return null;
  }

  /** Takes what another edge says, unless this one knows something newer. `ageMs`: how long ago it was written. */
  learn(key: string, pin: StickyPin, ageMs: number): void {
    const known = this.get(key);
    if (!known || known.writtenAtMs <= pin.writtenAtMs) this.put(key, pin, ageMs);
  }

  put(key: string, pin: StickyPin, ageMs = 0): void {
    this.pins.set(key, { pin, untilMs: this.clock() + pin.idleMs - ageMs });
  }

  delete(key: string): void {
    this.pins.delete(key);
  }
}
