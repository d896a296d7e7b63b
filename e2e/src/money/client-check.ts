import { expectedText, type Seen } from './clients.js';

/** A time in which an edge was away or its clients could be cut: from the blow until it was well again. */
export interface EdgeOutage {
  readonly edge: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

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
  if (seen.how !== 'cut' && seen.how !== 'refused') return null;
  const excused = outages.some(
    ({ edge, fromMs, untilMs }) => edge === seen.ask.edge && seen.startedAtMs <= untilMs && seen.endedAtMs >= fromMs,
  );
  return excused ? null : `the connection was ${seen.how} although its edge lived`;
}
