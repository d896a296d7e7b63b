import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Groups what a source yields: a batch is full at `maxBatch`, or `maxWaitMs` after its first item. Nothing is taken from the source
 * while a batch is being worked on, beyond the one item that is awaited. Ends, after a last batch, when the source does.
 */
export async function* batches<T>(
  source: AsyncIterator<T>,
  { maxBatch, maxWaitMs }: { readonly maxBatch: number; readonly maxWaitMs: number },
): AsyncGenerator<T[]> {
  let next = source.next();
  for (;;) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    next = source.next();
    const over = new AbortController();
    const deadline = sleep(maxWaitMs, 'over' as const, { signal: over.signal }).catch(() => 'over' as const);
    while (batch.length < maxBatch) {
      const result = await Promise.race([next, deadline]);
      if (result === 'over' || result.done === true) break;
      batch.push(result.value);
      next = source.next();
    }
    over.abort();
    yield batch;
  }
}
