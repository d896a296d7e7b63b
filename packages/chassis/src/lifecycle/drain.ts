import { Injectable, Logger } from '@nestjs/common';

interface Step {
  readonly name: string;
  readonly order: number;
  readonly work: () => Promise<void>;
}

/** What a process finishes before it closes: running streams, unconfirmed usage, leases. */
@Injectable()
export class Drain {
  readonly #logger = new Logger('drain');
  readonly #steps: Step[] = [];
  #draining = false;

  /** Steps run from the lowest order to the highest, those of one order at the same time. One that fails does not stop the others. */
  register(name: string, order: number, work: () => Promise<void>): void {
    this.#steps.push({ name, order, work });
  }

  /** The process has been told to stop: give it nothing new. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Runs all steps once; resolves to the names of those that failed or were not over at the deadline. */
  async run(deadlineMs: number): Promise<string[]> {
    this.#draining = true;
    const deadline = performance.now() + deadlineMs;
    const unfinished: string[] = [];
    const orders = [...new Set(this.#steps.map((step) => step.order))].sort((a, b) => a - b);
    for (const order of orders) {
      const steps = this.#steps.filter((step) => step.order === order);
      const results = await Promise.all(steps.map((step) => this.#finish(step, deadline - performance.now())));
      unfinished.push(...steps.filter((_, index) => !results[index]).map((step) => step.name));
    }
    return unfinished;
  }

  async #finish({ name, work }: Step, leftMs: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), Math.max(0, leftMs));
    try {
      const finished = await Promise.race([work().then(() => true), late]);
      if (!finished) this.#logger.error(`${name} is not over at the deadline and is left`);
      return finished;
    } catch (error) {
      this.#logger.error(`${name} failed: ${(error as Error).message}`, (error as Error).stack);
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
