import { readFileSync } from 'node:fs';

const { maxSemiSpaceMb } = JSON.parse(readFileSync(new URL('../../heaps.json', import.meta.url), 'utf8')) as {
  maxSemiSpaceMb: Readonly<Record<string, number>>;
};

/**
 * What Node is told about the memory of a service. Those that have little to do get a small young generation, because V8 lets it grow to
 * a hundred megabytes however slowly it fills; edges, workers and the ledger would pay for a small one with a seventh of their throughput.
 */
export const heapArguments = (service: string): string[] => {
  const megabytes = maxSemiSpaceMb[service];
  return megabytes === undefined ? [] : [`--max-semi-space-size=${megabytes}`];
};
