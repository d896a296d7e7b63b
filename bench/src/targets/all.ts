import path from 'node:path';
import type { BenchOptions } from '../args.js';
import type { Child } from '../child.js';
import { peerKey } from '../config.js';
import { FRONTIER_PACE } from '../runs/frontier.js';
import type { Run } from '../runs/run.js';
import { direct, externalPeer, startBareProxy } from './plain.js';
import { startPortkey } from './portkey.js';
import { startSwitchyard } from './switchyard.js';
import type { Target } from './target.js';

export const OURS = 'Switchyard';
/** Streams of ten minutes are longer than what an answer may take unless the installation says otherwise. */
const ENVIRONMENT = { UPSTREAM_TOTAL_MS: '900000' };

export interface TargetsOptions {
  readonly root: string;
  readonly upstream: Child;
  readonly runs: readonly Run[];
  readonly options: BenchOptions;
  readonly progress: (line: string) => void;
}

/** The upstream itself first, then those of the others that are wanted, Switchyard last. */
export async function startTargets({ root, upstream, runs, options, progress }: TargetsOptions): Promise<Target[]> {
  const paces = [FRONTIER_PACE, ...runs.flatMap((run) => run.paces)];
  const portkey = async (): Promise<Target | null> => {
    try {
      return await startPortkey(upstream, path.join(root, '.cache/bench/portkey'));
    } catch (error) {
      // It comes from npm: without a network everything else can still be measured.
      progress(`Portkey is left out: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  const ways: [name: string, start: () => Promise<Target | null>][] = [
    ['bare proxy', () => startBareProxy(upstream)],
    ['Portkey', portkey],
    ...options.peers
      .map((peer) => externalPeer(peer, peerKey()))
      .map((peer): [string, () => Promise<Target>] => [peer.name, () => Promise.resolve(peer)]),
    [OURS, () => startSwitchyard({ root, upstream, paces, environment: ENVIRONMENT, progress })],
  ];
  const wanted = options.targets.map((text) => text.toLowerCase());
  const targets: Target[] = [direct(upstream)];
  try {
    for (const [name, start] of ways) {
      if (name === 'Portkey' && options.withoutPortkey) continue;
      if (wanted.length > 0 && !wanted.some((text) => name.toLowerCase().includes(text))) continue;
      const target = await start();
      if (target) targets.push(target);
    }
    return targets;
  } catch (error) {
    await Promise.all(targets.map((target) => target.stop()));
    throw error;
  }
}
