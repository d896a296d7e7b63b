import { setTimeout as sleep } from 'node:timers/promises';
import { clientFaults, type EdgeOutage } from '../money/client-check.js';
import type { Seen } from '../money/clients.js';
import { startFaultStack, type FaultStack } from '../money/fault-stack.js';
import type { MoneyReport } from '../money/money-check.js';
import { Random } from '../money/random.js';
import { finalMoney } from '../money/settled.js';
import { startTraffic } from '../money/traffic.js';
import { SERVER_BLOWS, SERVICE_BLOWS, type Blow } from './blows.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults are inflicted; start, end and the settling of the books come on top. */
  readonly durationMs: number;
  readonly clients: number;
  /** Least and most time between two faults. */
  readonly pauseMs: readonly [least: number, most: number];
  readonly progress?: (line: string) => void;
}

/** A fault that was inflicted, on the clock of the test: from the blow until all was well again. */
export interface Struck {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface ChaosReport {
  readonly seed: number;
  readonly struck: readonly { readonly name: string; readonly times: number }[];
  /** Every blow in its order, so that what is wrong can be held against it. */
  readonly blows: readonly Struck[];
  readonly seen: readonly Seen[];
  /** What clients may not see, and what the books may not say; both empty when all is well. */
  readonly clientFaults: readonly string[];
  readonly money: MoneyReport;
}

/** More than the longest run can spend, so that refusals for want of money do not hide faults. */
const CREDIT_USD = 1_000;

/** Clients, and one fault after the other in an order that only the seed decides; then both checks. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, progress = () => undefined } = options;
  const random = new Random(seed);
  const stack = await startFaultStack();
  try {
    progress(`started; seed ${seed}`);
    const keys = await furnish(stack);
    const traffic = startTraffic({
      edgeUrls: stack.edgeUrls,
      keys,
      random: random.fork(),
      clients: options.clients,
      prefix: `chaos-${seed}`,
    });
    const { struck, blows, outages } = await strike(stack, random.fork(), options);
    progress('no more faults; waiting for the clients that are still there');
    const seen = await traffic.stop();
    const money = await finalMoney(stack, seen, { giftsAllowed: true });
    return { seed, struck, blows, seen, clientFaults: clientFaults(seen, outages), money };
  } finally {
    await stack.stop();
  }
}

/** Credit, and three keys, so that edges hold several leases of one account. */
async function furnish(stack: FaultStack): Promise<string[]> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`${stack.baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.account.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as { key?: string };
  };
  await call('/deposits', { amount: CREDIT_USD, external_id: 'chaos' });
  const more = await Promise.all([call('/keys', { name: 'second' }), call('/keys', { name: 'third', limit: 500 })]);
  return [stack.account.apiKey, ...more.flatMap(({ key }) => (key ? [key] : []))];
}

interface Strikes {
  readonly struck: ChaosReport['struck'];
  readonly blows: readonly Struck[];
  readonly outages: readonly EdgeOutage[];
}

/** Services and the servers below them are hit at the same time, each list by a hand of its own. */
async function strike(stack: FaultStack, random: Random, options: ChaosOptions): Promise<Strikes> {
  const hands = [SERVICE_BLOWS, SERVER_BLOWS].map((blows) => ({ blows, random: random.fork() }));
  const done = await Promise.all(hands.map((hand) => strikeWith(hand.blows, stack, hand.random, options)));
  return {
    struck: done.flatMap(({ struck }) => struck),
    blows: done.flatMap(({ blows }) => blows).toSorted((one, other) => one.fromMs - other.fromMs),
    outages: done.flatMap(({ outages }) => outages),
  };
}

async function strikeWith(
  blows: readonly Blow[],
  stack: FaultStack,
  random: Random,
  { durationMs, pauseMs: [least, most], progress = () => undefined }: ChaosOptions,
): Promise<Strikes> {
  const times = new Map(blows.map(({ name }) => [name, 0]));
  const struck: Struck[] = [];
  const outages: EdgeOutage[] = [];
  const startedMs = performance.now();
  let deck: Blow[] = [];
  for (;;) {
    await sleep(random.int(least, most));
    if (performance.now() - startedMs > durationMs) break;
    // Every kind once before any comes again, or a short run might never see some.
    if (deck.length === 0) deck = shuffled(blows, random);
    const blow = deck.pop();
    if (!blow) break;
    const atMs = performance.now();
    outages.push(...(await blow.strike(stack, random)));
    struck.push({ name: blow.name, fromMs: atMs, untilMs: performance.now() });
    times.set(blow.name, (times.get(blow.name) ?? 0) + 1);
    const seconds = (ms: number) => (ms / 1_000).toFixed(1);
    progress(`${seconds(atMs - startedMs)} s: ${blow.name}, well again after ${seconds(performance.now() - atMs)} s`);
  }
  return { struck: [...times].map(([name, count]) => ({ name, times: count })), blows: struck, outages };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, order: random.next() }))
    .sort((left, right) => left.order - right.order)
    .map(({ value }) => value);
}
