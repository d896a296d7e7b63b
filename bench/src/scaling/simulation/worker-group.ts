import type { Calendar } from './calendar.js';
import type { Random } from './random.js';
import { Station } from './station.js';

export interface SimulatedWorker {
  readonly machine: number;
  readonly station: Station;
  streams: number;
  /** Whether the broker still sends calls to it. */
  subscribed: boolean;
}

/** Until the broker knows that a full worker has left the queue group; a call that comes before is answered with `busy`. */
const LEAVING_MS = 1;
/** A full worker comes back with a tenth of its places free. */
const SPARE_SHARE = 0.1;
/** How often a call that met `busy` is tried. */
const BUSY_TRIES = 3;

/** The workers of one provider: the broker gives each call to any of those that subscribe, at random, however busy it is. */
export class WorkerGroup {
  readonly workers: readonly SimulatedWorker[];
  /** Calls that met a worker without room. */
  busyReplies = 0;

  constructor(
    private readonly calendar: Calendar,
    private readonly random: Random,
    count: number,
    private readonly capacity: number,
  ) {
    this.workers = Array.from({ length: count }, (_, machine) => ({
      machine,
      station: new Station(calendar, 1),
      streams: 0,
      subscribed: true,
    }));
  }

  /**
   * Who gets the next call; null when nobody has room. The broker also gives it to one that has vanished, because no closed
   * connection tells it so; an edge that calls by name knows from the heartbeats who lives.
   */
  choose(byName: boolean): SimulatedWorker | null {
    for (let tries = 0; tries < BUSY_TRIES; tries += 1) {
      const subscribed = this.workers.filter((worker) => worker.subscribed && (worker.station.up || !byName));
      const worker = subscribed[this.random.below(subscribed.length)];
      if (!worker) return null;
      if (worker.streams < this.capacity) return worker;
      this.busyReplies += 1;
    }
    return null;
  }

  take(worker: SimulatedWorker): void {
    worker.streams += 1;
    if (worker.streams < this.capacity) return;
    this.calendar.after(LEAVING_MS, () => (worker.subscribed = !this.isFull(worker)));
  }

  release(worker: SimulatedWorker): void {
    worker.streams -= 1;
    const comesBackAt = this.capacity - Math.max(1, Math.floor(this.capacity * SPARE_SHARE));
    if (!worker.subscribed && worker.streams <= comesBackAt) worker.subscribed = true;
  }

  die(machine: number): void {
    for (const worker of this.workers) if (worker.machine === machine) worker.station.die();
  }

  private isFull({ streams }: SimulatedWorker): boolean {
    return streams >= this.capacity;
  }
}
