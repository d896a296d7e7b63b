import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { batches } from './batches.js';

async function* source<T>(items: readonly T[], pauseMs = 0): AsyncGenerator<T> {
  for (const item of items) {
    if (pauseMs > 0) await sleep(pauseMs);
    yield item;
  }
}

async function collect<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of iterator) result.push(item);
  return result;
}

describe('batches', () => {
  it('keeps every item and the order, and never makes a batch larger than asked or empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 7 }), async (items, maxBatch) => {
        const result = await collect(batches(source(items), { maxBatch, maxWaitMs: 1_000 }));
        expect(result.flat()).toEqual(items);
        for (const batch of result) {
          expect(batch.length).toBeLessThanOrEqual(maxBatch);
          expect(batch.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('does not wait for a full batch longer than asked', async () => {
    const result = await collect(batches(source([1, 2, 3], 80), { maxBatch: 100, maxWaitMs: 20 }));
    expect(result).toEqual([[1], [2], [3]]);
  });

  it('takes nothing further from the source while a batch is worked on, beyond the one that is awaited', async () => {
    let taken = 0;
    const counting = (async function* () {
      for (;;) {
        taken += 1;
        yield taken;
      }
    })();
    for await (const batch of batches(counting, { maxBatch: 5, maxWaitMs: 1_000 })) {
      expect(batch).toHaveLength(5);
      await sleep(20);
      break;
    }
    expect(taken).toBe(6);
  });

  it('passes on the failure of the source', async () => {
    const failing = (async function* () {
      yield 1;
      throw new Error('source broke');
    })();
    await expect(collect(batches(failing, { maxBatch: 5, maxWaitMs: 10 }))).rejects.toThrow('source broke');
  });
});
