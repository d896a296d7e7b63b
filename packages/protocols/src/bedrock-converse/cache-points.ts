import type { WireBlock } from './wire.js';

/** How many breakpoints Claude and Nova take (docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html). */
export const MAX_CACHE_POINTS = 4;

const isCachePoint = (block: WireBlock): boolean => 'cachePoint' in block;

/**
 * Takes out the breakpoints that are too many. The last ones stay: each covers all that stands before it, so they are worth most.
 * @param lists tools, system, messages: in the order in which the prompt is put together
 */
export function limitCachePoints(lists: readonly WireBlock[][]): void {
  let surplus = lists.flat().filter(isCachePoint).length - MAX_CACHE_POINTS;
  for (const list of lists)
    for (let index = 0; index < list.length && surplus > 0;)
      if (isCachePoint(list[index]!)) {
        list.splice(index, 1);
        surplus--;
      } else index++;
}
