import type { Child } from '../child.js';
import { readProcesses } from '../measure/processes.js';
import type { RunResult } from '../report.js';
import { latency, requests } from '../runs/closed.js';
import { interleave, WARM_UP } from '../runs/interleave.js';
import type { Figures, Run } from '../runs/run.js';
import type { Target } from '../targets/target.js';

export interface SeriesContext {
  readonly root: string;
  readonly upstream: Child;
  readonly rounds: number;
  readonly scale: number;
  readonly progress: (line: string) => void;
}

/** What Switchyard costs as something grows: each on systems of its own, so these come only when they are asked for. */
export interface Series {
  /** Begins with `scale: `. */
  readonly name: string;
  measure(context: SeriesContext): Promise<readonly RunResult[]>;
}

/** What is measured at every size: under load, and one request at a time. */
const RUNS: readonly Run[] = [requests, latency];
export const SERIES_PACES = RUNS.flatMap(({ paces }) => paces);

/** Figures of one system at one size, run by run. */
export async function measureSize(
  target: Target,
  { rounds, scale }: SeriesContext,
): Promise<Map<string, readonly Figures[]>> {
  const measured = new Map<string, readonly Figures[]>();
  for (const run of RUNS) {
    const column = { name: target.name, measure: (share: number) => run.measure(target, share) };
    const figures = await interleave([column], { rounds, scale, warmUp: WARM_UP });
    measured.set(run.name, figures[target.name]!);
  }
  const memory = memoryOf(target);
  return new Map([...measured].map(([run, figures]) => [run, figures.map((one) => ({ ...one, ...memory }))]));
}

/** Resident memory by process, of those that grow with what a series makes larger. */
export const memoryOf = (target: Target): Figures =>
  Object.fromEntries(
    [...readProcesses(target.processes())]
      .filter(([name]) => /^(?:edge|worker-local-1|auth|ledger|registry|nats-server)$/.test(name))
      .map(([name, { rssMb }]) => [`memoryMb ${name}`, Math.round(rssMb)]),
  );

/** Sizes side by side, one result for each run. */
export const resultsOf = (series: string, sizes: ReadonlyMap<string, Map<string, readonly Figures[]>>): RunResult[] =>
  RUNS.map(({ name }) => ({
    run: `${series}; ${name}`,
    rounds: Object.fromEntries([...sizes].map(([size, measured]) => [size, measured.get(name) ?? []])),
  }));
