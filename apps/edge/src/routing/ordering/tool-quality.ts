import { concatenated, isDown } from './place.js';
import type { Contender, Placed } from './place.js';

/** A share of broken tool calls below which nobody is moved. */
export const BAD_TOOL_ERROR_RATE = 0.1;
const TIMES_WORSE = 2;

/**
 * Puts endpoints behind the others that call tools badly (spec 3.5): more than a tenth of their answers with calls cannot be run, and
 * that is at least twice the share of the best other one that is known. Where all are bad it is the model's fault.
 */
export function byToolQuality(
  contenders: readonly Contender[],
  order: (some: readonly Contender[]) => Placed[],
): Placed[] {
  const bad = new Set(contenders.filter((one) => isBad(one, contenders)));
  if (bad.size === 0 || bad.size === contenders.length) return order(contenders);
  const demoted = order([...bad]).map((one): Placed => (isDown(one) ? one : { ...one, reason: 'tool_errors' }));
  return concatenated(order(contenders.filter((one) => !bad.has(one))), demoted);
}

function isBad(contender: Contender, all: readonly Contender[]): boolean {
  const rate = contender.condition.toolErrorRate;
  if (rate === null || rate <= BAD_TOOL_ERROR_RATE) return false;
  const others = all.flatMap((other) =>
    other === contender || other.condition.toolErrorRate === null ? [] : [other.condition.toolErrorRate],
  );
  return others.length === 0 || rate >= TIMES_WORSE * Math.min(...others);
}
