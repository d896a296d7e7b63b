import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Repeater } from '../repeater.js';
import { IdempotencyRepository } from './idempotency.repository.js';

const EVERY_MS = 600_000;
/** Rows of one statement: short, so that it holds up no claim. */
const ROWS_AT_ONCE = 1_000;

/** Deletes idempotency keys that are over. Keys that it has not come to yet are taken over all the same. */
@Injectable()
export class IdempotencySweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #repeater = new Repeater('idempotency', () => this.sweep());

  constructor(private readonly keys: IdempotencyRepository) {}

  onApplicationBootstrap(): void {
    this.#repeater.start(EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#repeater.stop();
  }

  /** Answers how many keys it deleted. */
  async sweep(rowsAtOnce = ROWS_AT_ONCE): Promise<number> {
    let forgotten = 0;
    for (let last = rowsAtOnce; last === rowsAtOnce; forgotten += last) last = await this.keys.forget(rowsAtOnce);
    return forgotten;
  }
}
