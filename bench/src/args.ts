import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Share of the usual number of requests. */
  readonly scale: number;
  /** Parts of the names of runs; empty for all. */
  readonly only: readonly string[];
  readonly peers: readonly string[];
  readonly withoutPortkey: boolean;
  readonly output: string | null;
  /** Instead of measuring: processor profiles of every process under load, into this folder. */
  readonly profile: string | null;
}

export const USAGE = `npm run bench -- [options]
  --rounds N          how often every target has its turn (5)
  --scale X           share of the usual number of requests, for a quick look (1)
  --only TEXT         runs whose name holds the text; may be repeated
  --peer NAME=URL     another gateway, by the URL of its chat completions; may be repeated. BENCH_PEER_KEY is its key
  --without-portkey   do not fetch and measure Portkey
  --output FILE       everything as JSON
  --profile FOLDER    processor profiles of every process under load, instead of measuring`;

/** @throws Error that says what is wrong with the arguments */
export function readArguments(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      'without-portkey': { type: 'boolean', default: false },
      output: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: write a whole number from 1`);
  if (!(scale > 0)) throw new Error(`--scale ${values.scale}: write a number above 0`);
  return {
    rounds,
    scale,
    only: values.only,
    peers: values.peer,
    withoutPortkey: values['without-portkey'],
    output: values.output ?? null,
    profile: values.profile ?? null,
  };
}
