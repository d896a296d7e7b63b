import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Ask, type Behaviour, type Seen } from './clients.js';
import { CLASS_A_MODEL, CLASS_B_MODEL } from './fault-stack.js';
import type { Random } from './random.js';

/** How long a client pauses between two requests; after a refusal longer, as a polite client does. */
const PAUSE_MS = 20;
const REFUSED_PAUSE_MS = 250;

export interface TrafficOptions {
  readonly edgeUrls: readonly string[];
  readonly keys: readonly string[];
  readonly random: Random;
  /** Clients at a time. */
  readonly clients: number;
  /** Begins every label; labels are unique within it. */
  readonly prefix: string;
  /** What each client asks for; {@link mixedAsk} when absent. */
  readonly wants?: (random: Random, base: AskBase) => Ask;
}

type AskBase = Pick<Ask, 'label' | 'edge' | 'key'>;

/** Clients that ask again and again until they are told to stop. */
export interface Traffic {
  /** Everything seen so far. */
  readonly seen: readonly Seen[];
  /** Requests that have not ended. */
  readonly running: number;
  /** No new requests; resolves when the running ones have ended, with everything that was seen. */
  stop(): Promise<readonly Seen[]>;
}

export function startTraffic({ edgeUrls, keys, random, clients, prefix, wants = mixedAsk }: TrafficOptions): Traffic {
  const seen: Seen[] = [];
  const state = { stopping: false, running: 0, number: 0 };
  const client = async (own: Random) => {
    while (!state.stopping) {
      state.number += 1;
      const base = {
        label: `${prefix}-${state.number}`,
        edge: own.int(0, edgeUrls.length - 1),
        key: own.pick(keys),
      };
      state.running += 1;
      const result = await ask(edgeUrls, wants(own, base));
      state.running -= 1;
      seen.push(result);
      await sleep(result.how === 'refused' || result.how === 'http error' ? REFUSED_PAUSE_MS : PAUSE_MS);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, () => client(random.fork())));
  return {
    seen,
    get running() {
      return state.running;
    },
    async stop() {
      state.stopping = true;
      await all;
      return seen;
    },
  };
}

/** Clients that stay, with requests so small that the least lease carries them all for seconds: whoever is refused notices the fault. */
export function smallAsk(random: Random, base: AskBase): Ask {
  return {
    ...base,
    models: [random.pick([CLASS_A_MODEL, CLASS_B_MODEL])],
    stream: random.chance(0.5),
    tokens: 10,
    tokensPerSecond: 20,
    maxTokens: 15,
    behaviour: { kind: 'stay' },
  };
}

/** Streams and whole answers, short and long, on both classes of providers; clients that stay, leave at any phase, or read slowly. */
export function mixedAsk(random: Random, base: AskBase): Ask {
  const stream = random.chance(0.75);
  const tokens = random.pick([1, 5, 20, 60, 120, 250]);
  const tokensPerSecond = random.pick([0, 40, 60, 100]);
  const first = random.pick([CLASS_A_MODEL, CLASS_B_MODEL]);
  const second = first === CLASS_A_MODEL ? CLASS_B_MODEL : CLASS_A_MODEL;
  return {
    ...base,
    models: random.chance(0.5) ? [first, second] : [first],
    stream,
    tokens,
    tokensPerSecond,
    // Sometimes less than what the model would say: it ends with `length`.
    maxTokens: random.chance(0.15) ? Math.max(1, tokens - 3) : tokens + random.int(1, 200),
    behaviour: behaviourOf(random, stream, tokens),
    stepped: stream && random.chance(0.25),
  };
}

function behaviourOf(random: Random, stream: boolean, tokens: number): Behaviour {
  const chance = random.next();
  if (chance < 0.65) return { kind: 'stay' };
  if (chance < 0.78) return { kind: 'leave after', ms: random.int(0, 60) };
  if (!stream) return { kind: 'leave after', ms: random.int(0, 2_000) };
  if (chance < 0.92) return { kind: 'leave at chunk', chunk: random.int(1, tokens + 2) };
  return { kind: 'slow', pauseMs: random.int(10, 60) };
}
