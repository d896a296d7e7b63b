import type { Calendar } from './calendar.js';
import type { Random } from './random.js';
import { Station } from './station.js';
import { WorkerGroup, type SimulatedWorker } from './worker-group.js';

export interface GatewayOptions {
  /** Each has an edge and a worker, which die together. */
  readonly machines: number;
  readonly brokerProcessors: number;
  /** Processor time of one request at each, milliseconds. */
  readonly requestMs: { readonly edge: number; readonly broker: number; readonly worker: number };
  /** How long the provider takes; spread is the deviation divided by the mean. */
  readonly provider: { readonly meanMs: number; readonly spread: number };
  /** How processor times vary: exponentially, or lognormally with this deviation divided by the mean. */
  readonly times: 'exponential' | number;
  readonly workerCapacity: number;
}

/** How one request went. */
export interface Served {
  readonly cameAtMs: number;
  /** `cut`: its edge died. `unreachable`: it was sent to an edge that was dead. `refused`: no worker had room. */
  readonly outcome: 'done' | 'cut' | 'unreachable' | 'refused';
  /** In queues, behind other requests. */
  readonly waitedMs: number;
  /** All that is not the provider's: waits, processors, and what a death cost. */
  readonly addedMs: number;
  /** A vanished worker had it, or was given it. */
  readonly calledAgain: boolean;
}

interface Running {
  readonly cameAtMs: number;
  readonly edge: number;
  worker: SimulatedWorker | null;
  /** Grows with each attempt, so that what an abandoned one still does is not listened to. */
  attempt: number;
  waitedMs: number;
  providerMs: number;
  over: boolean;
}

/** Until another worker is called by name where the first did not take the call (`acceptMs` of the data plane). */
const ACCEPT_MS = 250;
/** Until an answer is asked of another worker when the first has vanished under it (docs/data-plane.md, Figures). */
const VANISHED_MS = 2_400;
/** Until a balancer that looks after its servers no longer sends to a dead one. */
const BALANCER_NOTICES_MS = 2_000;
/** A guess that hardly matters, because waits grow with the whole: how much of a request's work comes before the provider is called. */
const BEFORE = { edge: 0.4, broker: 0.5, worker: 0.4 };

/** Edges behind a balancer, a broker, and workers that a queue group spreads at random, in virtual time. */
export class Gateway {
  readonly served: Served[] = [];
  readonly broker: Station;
  readonly edges: readonly Station[];
  readonly workers: WorkerGroup;
  private readonly running = new Set<Running>();
  private readonly unnoticed = new Set<number>();

  constructor(
    private readonly calendar: Calendar,
    private readonly random: Random,
    private readonly options: GatewayOptions,
  ) {
    const { machines, brokerProcessors, workerCapacity } = options;
    this.broker = new Station(calendar, brokerProcessors);
    this.edges = Array.from({ length: machines }, () => new Station(calendar, 1));
    this.workers = new WorkerGroup(calendar, random, machines, workerCapacity);
  }

  get runningCount(): number {
    return this.running.size;
  }

  /** A request comes to an edge that the balancer takes for alive. */
  arrive(): void {
    const alive = this.edges.flatMap(({ up }, machine) => (up || this.unnoticed.has(machine) ? [machine] : []));
    const edge = alive[this.random.below(alive.length)]!;
    const request: Running = {
      cameAtMs: this.calendar.nowMs,
      edge,
      worker: null,
      attempt: 0,
      waitedMs: 0,
      providerMs: 0,
      over: false,
    };
    if (!this.edges[edge]!.up) return this.end(request, 'unreachable');
    this.running.add(request);
    this.visit(request, this.edges[edge]!, BEFORE.edge * this.options.requestMs.edge, () => this.call(request));
  }

  /** A machine vanishes without a word: its edge, its worker, and all that they had. */
  kill(machine: number): void {
    this.edges[machine]!.die();
    this.workers.die(machine);
    this.unnoticed.add(machine);
    this.calendar.after(BALANCER_NOTICES_MS, () => this.unnoticed.delete(machine));
    for (const request of this.running) {
      if (request.edge === machine) this.end(request, 'cut');
      else if (request.worker?.machine === machine) {
        this.abandon(request);
        this.calendar.after(VANISHED_MS, () => this.call(request, true));
      }
    }
  }

  private call(request: Running, byName = false): void {
    const { broker, worker } = this.options.requestMs;
    this.visit(request, this.broker, BEFORE.broker * broker, () => {
      const chosen = this.workers.choose(byName);
      if (!chosen) return this.end(request, 'refused');
      request.worker = chosen;
      if (!chosen.station.up) {
        this.abandon(request);
        this.calendar.after(ACCEPT_MS, () => this.call(request, true));
        return;
      }
      this.workers.take(chosen);
      this.visit(request, chosen.station, BEFORE.worker * worker, () => this.ask(request, chosen));
    });
  }

  private ask(request: Running, worker: SimulatedWorker): void {
    const { provider, requestMs } = this.options;
    const takesMs = this.random.lognormal(provider.meanMs, provider.spread);
    const { attempt } = request;
    this.calendar.after(takesMs, () => {
      if (request.over || request.attempt !== attempt) return;
      request.providerMs = takesMs;
      this.visit(request, worker.station, (1 - BEFORE.worker) * requestMs.worker, () => this.answer(request, worker));
    });
  }

  private answer(request: Running, worker: SimulatedWorker): void {
    const { edge, broker } = this.options.requestMs;
    this.workers.release(worker);
    request.worker = null;
    this.visit(request, this.broker, (1 - BEFORE.broker) * broker, () =>
      this.visit(request, this.edges[request.edge]!, (1 - BEFORE.edge) * edge, () => this.end(request, 'done')),
    );
  }

  private visit(request: Running, station: Station, meanMs: number, then: () => void): void {
    const { times } = this.options;
    const workMs = times === 'exponential' ? this.random.exponential(meanMs) : this.random.lognormal(meanMs, times);
    const { attempt } = request;
    station.serve(workMs, (waitedMs) => {
      if (request.over || request.attempt !== attempt) return;
      request.waitedMs += waitedMs;
      then();
    });
  }

  private abandon(request: Running): void {
    request.attempt += 1;
    request.worker = null;
  }

  private end(request: Running, outcome: Served['outcome']): void {
    const { cameAtMs, waitedMs, providerMs, attempt } = request;
    // What its worker still has of it ends there when the worker hears of it; the place is free at once.
    if (request.worker) this.workers.release(request.worker);
    request.over = true;
    this.running.delete(request);
    const addedMs = this.calendar.nowMs - cameAtMs - providerMs;
    this.served.push({ cameAtMs, outcome, waitedMs, addedMs, calledAgain: attempt > 0 });
  }
}
