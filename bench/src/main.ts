// Switchyard against other gateways, a bare proxy and the upstream itself: the same work through each in turn, several rounds, so
// that a noisy machine disturbs all of them alike. Everything of Switchyard is on. See docs/performance.md.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments, USAGE, type BenchOptions } from './args.js';
import { startUpstream } from './targets/plain.js';
import { profile } from './profile.js';
import { added, comparison, tableOf, UPSTREAM_ALONE, type RunResult } from './report.js';
import { bodySizes, firstToken, latency, requests, streams } from './runs/closed.js';
import { frontier } from './runs/frontier.js';
import { heldStreams } from './runs/held.js';
import { interleave, WARM_UP } from './runs/interleave.js';
import type { Figures, Run } from './runs/run.js';
import { catalogueSize } from './scale/catalogue-size.js';
import { keys } from './scale/keys.js';
import { processCount } from './scale/process-count.js';
import type { Series } from './scale/series.js';
import { OURS, startTargets } from './targets/all.js';
import type { Target } from './targets/target.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const FRONTIER = 'frontier';
const SERIES: readonly Series[] = [catalogueSize, keys, processCount];

const runsOf = ({ heldSeconds }: BenchOptions): readonly Run[] => [
  requests,
  streams,
  latency,
  firstToken,
  ...bodySizes,
  // Few: what the gateway itself adds to a gap. Many: what is left of that when a thousand share two cores.
  heldStreams(32, 10),
  heldStreams(1_000, heldSeconds),
];

async function measureRun(run: Run, targets: readonly Target[], { rounds, scale }: BenchOptions): Promise<RunResult> {
  const columns = targets.map((target) => ({
    name: target.name,
    measure: (share: number) => run.measure(target, share),
  }));
  const own = { rounds: run.rounds || rounds, scale, warmUp: run.rounds === 0 ? (run.warmUp ?? WARM_UP) : 0 };
  return { run: run.name, rounds: await interleave(columns, own) };
}

async function measureFrontier(targets: readonly Target[]): Promise<RunResult> {
  const [upstream, ...others] = targets;
  const rounds: Record<string, Figures[]> = {};
  for (const target of others) rounds[target.name] = [await frontier(target, upstream!)];
  return { run: 'requests/s by what is added to the 99th percentile', rounds };
}

/** Series take minutes each on systems of their own: only for who names them, or wants everything. */
function wanted(name: string, { only, everything }: BenchOptions): boolean {
  if (only.length > 0) return only.some((text) => name.includes(text));
  return everything || !SERIES.some((series) => series.name === name);
}

function reporter(options: BenchOptions): (result: RunResult) => void {
  const results: RunResult[] = [];
  return (result) => {
    results.push(result);
    console.log(`\n${tableOf(result)}`);
    for (const peer of Object.keys(result.rounds).filter((name) => name !== OURS && name !== UPSTREAM_ALONE)) {
      const ratio = comparison(result, OURS, peer, 'perSecond');
      if (ratio)
        console.log(`Against ${peer}: ${ratio.median.toFixed(2)} × (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`);
    }
    if (!options.output) return;
    const complete = results.map((one) => ({ ...one, added: added(one) }));
    const report = { date: new Date().toISOString(), options, results: complete };
    writeFileSync(options.output, `${JSON.stringify(report, null, 2)}\n`);
  };
}

async function bench(options: BenchOptions): Promise<void> {
  const runs = runsOf(options).filter(({ name }) => wanted(name, options));
  const series = SERIES.filter(({ name }) => wanted(name, options));
  const withFrontier = wanted(FRONTIER, options);
  if (runs.length + series.length === 0 && !withFrontier)
    throw new Error(`no run is called ${options.only.join(', ')}`);
  const report = reporter(options);
  const upstream = await startUpstream();
  try {
    if (runs.length > 0 || withFrontier) {
      const targets = await startTargets({ root, upstream, runs, options, progress: console.error });
      try {
        for (const run of runs) report(await measureRun(run, targets, options));
        if (withFrontier) report(await measureFrontier(targets));
      } finally {
        await Promise.all(targets.map((target) => target.stop()));
      }
    }
    for (const one of series)
      for (const result of await one.measure({ ...options, root, upstream, progress: console.error })) report(result);
  } finally {
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
