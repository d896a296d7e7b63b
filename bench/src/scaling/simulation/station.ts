import type { Calendar } from './calendar.js';

interface Job {
  readonly workMs: number;
  readonly cameAtMs: number;
  readonly done: (waitedMs: number) => void;
}

/** So many processors behind one queue, first come, first served: an event loop is one with one processor, a broker one with several. */
export class Station {
  private readonly waiting: Job[] = [];
  /** Where the queue begins: taking from the front of an array costs its whole length. */
  private front = 0;
  private running = 0;
  private alive = true;
  busyMs = 0;

  constructor(
    private readonly calendar: Calendar,
    private readonly processors: number,
  ) {}

  get up(): boolean {
    return this.alive;
  }

  /** Work of so many milliseconds; `done` hears how long it has waited for a processor. A dead station never answers. */
  serve(workMs: number, done: (waitedMs: number) => void): void {
    if (!this.alive) return;
    const job = { workMs, cameAtMs: this.calendar.nowMs, done };
    if (this.running < this.processors) this.start(job);
    else this.waiting.push(job);
  }

  /** The machine is gone, with everything that ran or waited here. */
  die(): void {
    this.alive = false;
  }

  private start(job: Job): void {
    this.running += 1;
    this.busyMs += job.workMs;
    const waitedMs = this.calendar.nowMs - job.cameAtMs;
    this.calendar.after(job.workMs, () => {
      if (!this.alive) return;
      this.running -= 1;
      this.next();
      job.done(waitedMs);
    });
  }

  private next(): void {
    const job = this.waiting[this.front];
    if (!job) return;
    this.front += 1;
    if (this.front > 1_024 && this.front * 2 > this.waiting.length) {
      this.waiting.splice(0, this.front);
      this.front = 0;
    }
    this.start(job);
  }
}
