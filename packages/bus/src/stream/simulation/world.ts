import { setImmediate as turn } from 'node:timers/promises';
import type { Scheduler } from '../core/ports.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until its next event, and everything that will happen. */
export class World implements Scheduler {
  private readonly events: Event[] = [];
  private order = 0;
  private state: number;
  private timeMs = 0;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  nowMs(): number {
    return this.timeMs;
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  afterTurn(run: () => void): void {
    this.after(0, run);
  }

  after(delayMs: number, run: () => void): void {
    this.order += 1;
    const event = { atMs: this.timeMs + Math.max(0, delayMs), order: this.order, run };
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.events[middle]!;
      // Descending, so that the next event is popped from the end.
      if (other.atMs > event.atMs || (other.atMs === event.atMs && other.order > event.order)) low = middle + 1;
      else high = middle;
    }
    this.events.splice(low, 0, event);
  }

  every(intervalMs: number, run: () => void): void {
    this.after(intervalMs, () => {
      run();
      this.every(intervalMs, run);
    });
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Uniform in [0, 1), from the seed alone. */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  id(): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    return Array.from({ length: 22 }, () => letters[this.below(letters.length)]).join('');
  }

  /** Lets time pass until the condition holds or the deadline is reached; says which. */
  async runUntil(
    condition: () => boolean,
    deadlineMs: number,
    afterEach: () => void = () => undefined,
  ): Promise<boolean> {
    for (;;) {
      // Promises of handlers and readers go on between two events.
      await turn();
      if (condition()) return true;
      const event = this.events.pop();
      if (!event || event.atMs > deadlineMs) return false;
      this.timeMs = event.atMs;
      event.run();
      afterEach();
    }
  }
}
