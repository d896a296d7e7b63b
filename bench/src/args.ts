import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Share of the usual number of requests. */
  readonly scale: number;
  /** Parts of the names of runs; empty for the usual ones. */
  readonly only: readonly string[];
  /** Parts of the names of what is measured beside the upstream; empty for all. */
  readonly targets: readonly string[];
  /** Also what takes long: series of sizes, and streams that are held for ten minutes. */
  readonly everything: boolean;
  /** How long a thousand streams are held. */
  readonly heldSeconds: number;
  readonly peers: readonly string[];
  readonly withoutPortkey: boolean;
  readonly output: string | null;
  /** Instead of measuring: processor profiles of every process under load, into this folder. */
  readonly profile: string | null;
}

const HELD_SECONDS = 60;
const HELD_LONG_SECONDS = 600;
/** What the price of an answer is bounded by, at 20 tokens a second. */
const HELD_MOST_SECONDS = 800;

export const USAGE = `npm run bench -- [options]
  --rounds N          how often every target has its turn (5)
  --scale X           share of the usual number of requests, for a quick look (1)
  --only TEXT         runs whose name holds the text; may be repeated. Series of sizes begin with "scale: "
  --everything        also the series (catalogue, keys, edges and workers), and streams held for ten minutes: well over an hour
  --held-seconds N    how long 1,000 streams are held (${HELD_SECONDS}; ${HELD_LONG_SECONDS} with --everything)
  --target TEXT       only what is called so beside the upstream (bare proxy, Portkey, Switchyard, a peer); may be repeated
  --peer NAME=URL     another gateway, by the URL of its chat completions; may be repeated. BENCH_PEER_KEY is its key
  --without-portkey   do not fetch and measure Portkey
  --output FILE       everything as JSON
  --profile FOLDER    processor profiles of every process under load, instead of measuring`;

/** A whole number from 1 to `most`. @throws Error that names the option */
export function wholeNumber(option: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(
    `--${option} ${text}: write a whole number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}`,
  );
}

/** @throws Error that says what is wrong with the arguments */
export function readArguments(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: [] },
      target: { type: 'string', multiple: true, default: [] },
      everything: { type: 'boolean', default: false },
      'held-seconds': { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      'without-portkey': { type: 'boolean', default: false },
      output: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale ${values.scale}: write a number above 0`);
  const held = values['held-seconds'] ?? String(values.everything ? HELD_LONG_SECONDS : HELD_SECONDS);
  return {
    rounds: wholeNumber('rounds', values.rounds),
    scale,
    only: values.only,
    targets: values.target,
    everything: values.everything,
    heldSeconds: wholeNumber('held-seconds', held, HELD_MOST_SECONDS),
    peers: values.peer,
    withoutPortkey: values['without-portkey'],
    output: values.output ?? null,
    profile: values.profile ?? null,
  };
}
