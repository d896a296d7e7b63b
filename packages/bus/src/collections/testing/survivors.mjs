// Prints how many megabytes of short-lived values a map has carried into the old generation, after its first table became old.
import { GCProfiler } from 'node:v8';
import { TransientMap } from '../../../dist/collections/transient-map.js';

const map = process.argv[2] === 'map' ? new Map() : new TransientMap();
const AT_A_TIME = 3;
for (let key = 0; key < AT_A_TIME; key += 1) map.set(-key - 1, {});
globalThis.gc();
globalThis.gc();
for (let key = 0; key < AT_A_TIME; key += 1) map.delete(-key - 1);

const profiler = new GCProfiler();
profiler.start();
for (let key = 0; key < 20_000; key += 1) {
  map.set(key, { payload: Array.from({ length: 40 }, (_, index) => ({ index })) });
  map.delete(key - AT_A_TIME);
  // What a request allocates beside it.
  Array.from({ length: 400 }, (_, index) => ({ index }));
}
const { statistics } = profiler.stop();
const oldBytes = (heap) => heap.heapSpaceStatistics.find(({ spaceName }) => spaceName === 'old_space').spaceUsedSize;
const promoted = statistics
  .filter(({ gcType }) => gcType === 'Scavenge')
  .map(({ beforeGC, afterGC }) => Math.max(0, oldBytes(afterGC) - oldBytes(beforeGC)));
process.stdout.write(String(promoted.reduce((sum, bytes) => sum + bytes, 0) / 1e6));
