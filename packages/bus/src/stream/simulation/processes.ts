import { EdgePeer } from '../core/edge-peer.js';
import { newCounters } from '../core/ports.js';
import type { Scheduler } from '../core/ports.js';
import {
  callSubject,
  controlPrefix,
  edgeBeatSubject,
  framesPrefix,
  lastToken,
  workerBeatSubject,
  workerGroup,
  workerOfBeat,
} from '../core/subjects.js';
import { STREAM_TIMERS } from '../core/timers.js';
import { decodeWorkerBeat, encodeWorkerBeat } from '../core/worker-beat.js';
import { WorkerPeer } from '../core/worker-peer.js';
import type { WorkerStream } from '../core/worker-stream.js';
import { SimulatedPort } from './broker.js';
import type { Broker } from './broker.js';
import type { World } from './world.js';

export const PROVIDER = 'sandbox';
const CONNECTIONS = 2;
const CAPACITY = 100;

/** Something that runs, freezes, wakes up with all that waited for it, and dies. */
class Process {
  private frozen = false;
  private dead = false;
  private waiting: (() => void)[] = [];
  readonly ports: SimulatedPort[] = [];

  /** No two processes began to count at the same moment. */
  private readonly aheadMs: number;

  constructor(protected readonly world: World) {
    this.aheadMs = world.below(1_000_000);
  }

  readonly clockMs = (): number => this.world.nowMs() + this.aheadMs;

  /** Runs in this process: now, when it wakes up, or never. */
  readonly run = (work: () => void): void => {
    if (this.dead) return;
    if (this.frozen) this.waiting.push(work);
    else work();
  };

  readonly scheduler: Scheduler = {
    nowMs: () => this.clockMs(),
    soon: (work) => this.world.soon(() => this.run(work)),
    afterTurn: (work) => this.world.afterTurn(() => this.run(work)),
    after: (delayMs, work) => this.world.after(delayMs, () => this.run(work)),
  };

  get alive(): boolean {
    return !this.dead;
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.world.after(delayMs, () => this.run(resolve)));
  }

  freeze(durationMs: number): void {
    if (this.frozen) return;
    this.frozen = true;
    this.world.after(durationMs, () => {
      this.frozen = false;
      for (const work of this.waiting.splice(0)) this.run(work);
    });
  }

  kill(): void {
    this.dead = true;
    for (const port of this.ports) port.cut(Infinity);
  }

  /** A sleeping process misses its ticks; it does not catch up on them. */
  protected every(intervalMs: number, work: () => void): void {
    this.world.every(intervalMs, () => {
      if (!this.frozen) this.run(work);
    });
  }
}

export class SimulatedEdge extends Process {
  readonly peer: EdgePeer;

  constructor(world: World, broker: Broker) {
    super(world);
    const events = {
      onDown: (port: SimulatedPort) => this.peer.onDisconnect(port),
      onUp: (port: SimulatedPort) => this.peer.onReconnect(port),
    };
    for (let index = 0; index <= CONNECTIONS; index += 1) {
      this.ports.push(new SimulatedPort(world, broker, this, events));
    }
    const edge = world.id();
    const ports = this.ports.slice(0, CONNECTIONS);
    this.peer = new EdgePeer({
      ports,
      bulk: this.ports[CONNECTIONS]!,
      edge,
      scheduler: this.scheduler,
      timers: STREAM_TIMERS,
      counters: newCounters(),
      newId: () => world.id(),
    });
    for (const port of ports) {
      broker.subscribe(port, framesPrefix(port.address), ({ subject, data, reply, noResponders }) => {
        if (noResponders) this.peer.onNoResponders(port, subject);
        else this.peer.onMessage(port, subject, data, reply);
      });
      broker.subscribe(port, 'gw.v1.hb.worker.', ({ subject, data }) => {
        const [provider, worker] = workerOfBeat(subject);
        this.peer.onWorkerBeat(provider, worker, decodeWorkerBeat(data));
      });
    }
    const beat = () => {
      for (const port of ports) port.publish(edgeBeatSubject(edge), new Uint8Array(0));
    };
    beat();
    this.every(STREAM_TIMERS.tickMs, () => this.peer.tick());
    this.every(STREAM_TIMERS.edgeBeatMs, beat);
    this.every(STREAM_TIMERS.workerBeatMs, () => this.peer.onBeatInterval());
  }
}

export class SimulatedWorker extends Process {
  readonly peer: WorkerPeer;
  readonly streams: WorkerStream[] = [];

  constructor(world: World, broker: Broker, handle: (worker: SimulatedWorker, stream: WorkerStream) => Promise<void>) {
    super(world);
    const events = {
      onDown: () => undefined,
      onUp: (port: SimulatedPort) => this.peer.onReconnect(port),
    };
    for (let index = 0; index <= CONNECTIONS; index += 1) {
      this.ports.push(new SimulatedPort(world, broker, this, events));
    }
    const worker = world.id();
    const ports = this.ports.slice(0, CONNECTIONS);
    const bulk = this.ports[CONNECTIONS]!;
    this.peer = new WorkerPeer({
      provider: PROVIDER,
      worker,
      bulkAddress: bulk.address,
      ports,
      scheduler: this.scheduler,
      timers: STREAM_TIMERS,
      counters: newCounters(),
      capacity: CAPACITY,
      handle: (stream) => {
        this.streams.push(stream);
        return handle(this, stream);
      },
      onRoom: () => undefined,
      onFault: (error) => {
        throw error;
      },
    });
    const control = (port: SimulatedPort, target: string, queue?: string) =>
      broker.subscribe(
        port,
        controlPrefix(PROVIDER, target),
        ({ subject, data, reply, noResponders }) => {
          if (!noResponders) this.peer.onControl(port, target, subject, data, reply);
        },
        queue,
      );
    for (const port of ports) {
      broker.subscribe(
        port,
        callSubject(PROVIDER),
        ({ data, reply }) => this.peer.onCall(port, data, reply),
        workerGroup(PROVIDER),
      );
      control(port, port.address);
      control(port, worker, workerGroup(worker));
      broker.subscribe(port, 'gw.v1.hb.edge.', ({ subject }) => this.peer.onEdgeBeat(lastToken(subject)));
    }
    control(bulk, bulk.address);
    this.every(STREAM_TIMERS.tickMs, () => this.peer.tick());
    const beat = () => {
      const { inFlight, draining } = this.peer;
      for (const port of ports) {
        const { address } = port;
        const said = { inFlight, draining, capacity: CAPACITY, version: 1, address, clockMs: this.clockMs() };
        port.publish(workerBeatSubject(PROVIDER, worker), encodeWorkerBeat(said));
      }
    };
    beat();
    this.every(STREAM_TIMERS.workerBeatMs, beat);
    this.every(STREAM_TIMERS.edgeBeatMs, () => this.peer.onBeatInterval());
  }
}
