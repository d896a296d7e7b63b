import type { ChaosReport } from './run-chaos.js';

const usd = (nanos: bigint): string =>
  `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')} USD`;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The report as lines for people: what was done, what was seen, and who pays for what nobody saw the end of. */
export function reportLines({ seed, struck, blows, seen, clientFaults, money }: ChaosReport): string[] {
  const kinds = Map.groupBy(seen, ({ how, code }) => (code === null ? how : `${how}: ${code}`));
  const list = (name: string, ids: readonly string[]) => [`${name}: ${ids.length}`, ...ids.map((id) => `  ${id}`)];
  return [
    '',
    'faults',
    ...struck.map(({ name, times }) => `  ${String(times).padStart(3)} × ${name}`),
    '',
    'on the clock',
    ...blows.map(({ name, fromMs, untilMs }) => `  ${seconds(fromMs)} to ${seconds(untilMs)}: ${name}`),
    '',
    `clients: ${seen.length} requests`,
    ...[...kinds]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([kind, those]) => `  ${String(those.length).padStart(6)} ${kind}`),
    '',
    `money: ${money.booked} requests in the books of the providers`,
    `  ${money.charged.count} generations with a seen end, ${usd(money.charged.nanos)}`,
    `  revenue ${usd(money.revenueNanos)}, borne by the house ${usd(money.houseLossNanos)}`,
    ...list('given away: its client saw the end, and its edge was out of reach afterwards', money.givenAway),
    ...list('insured', money.insured),
    ...list('estimate', money.estimates),
    ...list('final although the client did not see the end', money.finalUnseen),
    ...list('billed to nobody', money.unbilled),
    '',
    ...[...clientFaults, ...money.faults].map((fault) => `WRONG: ${fault}`),
    clientFaults.length + money.faults.length === 0
      ? `every nano-dollar is accounted for (seed ${seed})`
      : `${clientFaults.length} faults that clients saw and ${money.faults.length} in the books (seed ${seed})`,
  ];
}
