import { expectedText, type Seen } from './clients.js';

/** A time in which an edge was away: from the blow until it was well again. */
export interface EdgeOutage {
  readonly edge: number;
  /** `killed`: its clients are cut. `stopping`: it lets them finish, and takes nobody new. */
  readonly kind: 'killed' | 'stopping';
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A connection may wait for so long to be accepted by a busy edge, and is reset when the edge closes its door meanwhile. */
const ACCEPT_MS = 250;

/**
 * Check C: each client got exactly one of the whole text, a clean error event with `[DONE]`, an HTTP error, or a cut connection where
 * its edge itself was killed. Never a hole, a repeat or a silent end. Answers what was seen against that, as sentences.
 */
export function clientFaults(seen: readonly Seen[], outages: readonly EdgeOutage[] = []): string[] {
  return seen.flatMap((each) => {
    const fault = faultOf(each, outages);
    return fault === null ? [] : [`${each.ask.label} on edge ${each.ask.edge}: ${fault}`];
  });
}

function faultOf(seen: Seen, outages: readonly EdgeOutage[]): string | null {
  const expected = expectedText(seen.ask);
  // Whatever ended it, what came is the beginning of the text: no hole, no repeat, no text of another.
  if (!expected.startsWith(seen.text)) return `text has a hole or a repeat: …${seen.text.slice(-40)}`;
  if (seen.how === 'whole' && seen.text !== expected)
    return `a silent end after ${seen.text.length} of ${expected.length} characters`;
  if (seen.how === 'http error' && seen.code === null) return `HTTP ${seen.status} without a code`;
  // Nobody has done anything wrong but us: an SDK must see that it may try again.
  const blamed = seen.how === 'http error' && (seen.status ?? 0) < 500;
  if (blamed && !seen.ask.rightStatuses?.includes(seen.status ?? 0))
    return `was blamed with HTTP ${seen.status} ${seen.code}`;
  if (seen.how !== 'cut' && seen.how !== 'refused') return null;
  const excused = outages.some(({ edge, kind, fromMs, untilMs }) => {
    if (edge !== seen.ask.edge || seen.startedAtMs > untilMs || seen.endedAtMs < fromMs) return false;
    return kind === 'killed' || seen.startedAtMs > fromMs - ACCEPT_MS;
  });
  return excused ? null : `the connection was ${seen.how} although its edge lived`;
}
