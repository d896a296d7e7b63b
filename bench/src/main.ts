// Switchyard against other gateways, a bare proxy and the upstream itself: the same work through each in turn, several rounds, so
// that a noisy machine disturbs all of them alike. Everything of Switchyard is on. See docs/performance.md.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, USAGE, type BenchOptions } from './args.js';
import type { Child } from './child.js';
import { peerKey } from './config.js';
import { profile } from './profile.js';
import { comparison, tableOf, type RunResult } from './report.js';
import { bodySizes, firstToken, latency, requests, streams } from './runs/closed.js';
import { frontier, FRONTIER_PACE } from './runs/frontier.js';
import { heldStreams } from './runs/held.js';
import type { Figures, Run } from './runs/run.js';
import { direct, externalPeer, startBareProxy, startUpstream } from './targets/plain.js';
import { startPortkey } from './targets/portkey.js';
import { startSwitchyard } from './targets/switchyard.js';
import type { Target } from './targets/target.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const RUNS: readonly Run[] = [requests, streams, latency, firstToken, ...bodySizes, heldStreams(1_000, 60)];
const FRONTIER = 'frontier';
const WARM_UP = 0.2;

async function startTargets(upstream: Child, runs: readonly Run[], options: BenchOptions): Promise<Target[]> {
  const targets: Target[] = [direct(upstream), await startBareProxy(upstream)];
  try {
    if (!options.withoutPortkey) targets.push(await startPortkey(upstream, path.join(root, '.cache/bench/portkey')));
    for (const peer of options.peers) targets.push(externalPeer(peer, peerKey()));
    const paces = [FRONTIER_PACE, ...runs.flatMap((run) => run.paces)];
    targets.push(await startSwitchyard({ root, upstream, paces, progress: console.error }));
    return targets;
  } catch (error) {
    await Promise.all(targets.map((target) => target.stop()));
    throw error;
  }
}

async function measureRun(run: Run, targets: readonly Target[], options: BenchOptions): Promise<RunResult> {
  const rounds: Record<string, Figures[]> = Object.fromEntries(targets.map(({ name }) => [name, []]));
  if (run.rounds === 0) for (const target of targets) await run.measure(target, WARM_UP * options.scale);
  for (let round = 0; round < (run.rounds || options.rounds); round += 1) {
    // Forwards and backwards, so that nobody always follows the same neighbour.
    for (const target of round % 2 === 0 ? targets : targets.toReversed())
      rounds[target.name]!.push(await run.measure(target, options.scale));
  }
  return { run: run.name, rounds };
}

async function measureFrontier(targets: readonly Target[]): Promise<RunResult> {
  const [upstream, ...others] = targets;
  const rounds: Record<string, Figures[]> = {};
  for (const target of others) rounds[target.name] = [await frontier(target, upstream!)];
  return { run: 'requests/s by what is added to the 99th percentile', rounds };
}

const wanted = (name: string, { only }: BenchOptions): boolean =>
  only.length === 0 || only.some((text) => name.includes(text));

async function bench(options: BenchOptions): Promise<void> {
  const runs = RUNS.filter(({ name }) => wanted(name, options));
  const upstream = await startUpstream();
  let targets: Target[] = [];
  try {
    targets = await startTargets(upstream, runs, options);
    const results: RunResult[] = [];
    const report = (result: RunResult): void => {
      results.push(result);
      console.log(`\n${tableOf(result)}`);
      for (const peer of targets.slice(1, -1)) {
        const ratio = comparison(result, 'Switchyard', peer.name, 'perSecond');
        if (ratio)
          console.log(
            `Against ${peer.name}: ${ratio.median.toFixed(2)} × (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`,
          );
      }
      if (options.output)
        writeFileSync(
          options.output,
          `${JSON.stringify({ date: new Date().toISOString(), options, results }, null, 2)}\n`,
        );
    };
    for (const run of runs) report(await measureRun(run, targets, options));
    if (wanted(FRONTIER, options)) report(await measureFrontier(targets));
  } finally {
    await Promise.all(targets.map((target) => target.stop()));
    await upstream.stop();
  }
}

let options: BenchOptions;
try {
  options = readArguments(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(2);
}
if (options.profile === null) await bench(options);
else await profile(root, options.profile, options.scale);
