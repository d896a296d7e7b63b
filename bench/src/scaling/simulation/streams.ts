import { Calendar } from './calendar.js';
import { seeded } from './random.js';
import { Station } from './station.js';

export interface StreamsOptions {
  readonly edges: number;
  readonly workers: number;
  readonly brokerProcessors: number;
  /** Processor time of one chunk at each, milliseconds. */
  readonly chunkMs: { readonly edge: number; readonly broker: number; readonly worker: number };
  readonly streams: number;
  readonly chunksPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
}

/** A provider sends its tokens this much earlier or later than their rhythm, as a share of the distance between two. */
const JITTER = 0.5;

/** Streams that all run, each at its own worker and edge: how much later than from the provider each chunk leaves the edge, milliseconds. */
export function chunkDelays(options: StreamsOptions): number[] {
  const { chunkMs, chunksPerSecond, seconds } = options;
  const random = seeded(options.seed);
  const calendar = new Calendar();
  const edges = Array.from({ length: options.edges }, () => new Station(calendar, 1));
  const workers = Array.from({ length: options.workers }, () => new Station(calendar, 1));
  const broker = new Station(calendar, options.brokerProcessors);
  const gapMs = 1_000 / chunksPerSecond;
  const delays: number[] = [];
  for (let stream = 0; stream < options.streams; stream += 1) {
    const worker = workers[random.below(workers.length)]!;
    const edge = edges[random.below(edges.length)]!;
    const phaseMs = random.uniform() * gapMs;
    for (let chunk = 0; chunk < seconds * chunksPerSecond; chunk += 1) {
      calendar.after(phaseMs + (chunk + JITTER * random.uniform()) * gapMs, () => {
        const cameAtMs = calendar.nowMs;
        worker.serve(random.exponential(chunkMs.worker), () =>
          broker.serve(random.exponential(chunkMs.broker), () =>
            edge.serve(random.exponential(chunkMs.edge), () => delays.push(calendar.nowMs - cameAtMs)),
          ),
        );
      });
    }
  }
  calendar.run();
  return delays;
}
