import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { runWithTraceHeaders } from '@switchyard/telemetry';
import { lastValueFrom } from 'rxjs';
import { DEFAULT_CAPACITY_STREAMS, DEFAULT_CONNECTIONS } from '../core/limits.js';
import { newCounters } from '../core/ports.js';
import type { StreamCounters } from '../core/ports.js';
import { assertToken, workerBeatSubject } from '../core/subjects.js';
import { withTimers } from '../core/timers.js';
import type { StreamTimers } from '../core/timers.js';
import { encodeWorkerBeat } from '../core/worker-beat.js';
import { WorkerPeer } from '../core/worker-peer.js';
import type { WorkerStream } from '../core/worker-stream.js';
import { CounterMetrics } from '../counter-metrics.js';
import { randomId } from '../ids.js';
import { NatsPort } from '../nats-port.js';
import { systemScheduler } from '../system-scheduler.js';
import { Ticker } from '../ticker.js';
import type { StreamContext } from './stream-context.js';
import { STREAM_PATTERN, STREAM_TRANSPORT } from './stream-handler.js';
import { WorkerPort } from './worker-port.js';

export interface StreamStrategyOptions {
  readonly servers: string;
  /** Whose calls are served; all workers of a provider form one queue group. */
  readonly provider: string;
  /** Random by default; two processes must not share one. */
  readonly workerId?: string;
  /** Streams at a time; 1000 by default. */
  readonly capacity?: number;
  /** Connections that streams are spread over; one more carries request bodies. */
  readonly connections?: number;
  /** Request bodies held at a time; 256 MiB by default. */
  readonly bodyBudgetBytes?: number;
  readonly timers?: Partial<StreamTimers>;
}

const PROTOCOL_VERSION = 1;
const CONFIRM_POLL_MS = 20;

/** The data plane of a worker as a Nest transport: serves `gw.v1` calls with the method marked `@StreamHandler()`. */
export class StreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = STREAM_TRANSPORT;
  readonly workerId: string;
  readonly counters: StreamCounters = newCounters();
  private readonly metrics = new CounterMetrics(this.counters);
  private readonly timers: StreamTimers;
  private readonly capacity: number;
  private peer: WorkerPeer | null = null;
  private natsPorts: NatsPort[] = [];
  private workerPorts: WorkerPort[] = [];
  private ticker: Ticker | null = null;
  private intervals: NodeJS.Timeout[] = [];
  private draining: Promise<void> | null = null;
  private claimListener: ((context: StreamContext) => void) | null = null;

  constructor(private readonly options: StreamStrategyOptions) {
    super();
    assertToken(options.provider, 'provider');
    this.workerId = assertToken(options.workerId ?? randomId(), 'workerId');
    this.capacity = options.capacity ?? DEFAULT_CAPACITY_STREAMS;
    this.timers = withTimers(options.timers);
  }

  /** Streams that are claimed or served now. */
  get inFlight(): number {
    return this.peer?.inFlight ?? 0;
  }

  /** At least one data connection is up. */
  get connected(): boolean {
    return this.natsPorts.some((port) => port.connected);
  }

  /**
   * Calls back with streams that this worker has claimed and may never serve, while the edge decides: for work on the call that
   * touches nobody. One listener. It is not asked where there is no time for it, or the body is still to come.
   */
  onClaim(listener: (context: StreamContext) => void): void {
    this.claimListener = listener;
  }

  /** Calls back without an error once calls can arrive. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /**
   * Takes no new streams, lets the running ones finish until the deadline, aborts the rest, and waits until the edges have
   * confirmed what was sent last. Connections stay open; {@link close} ends them.
   */
  drain(deadlineMs: number): Promise<void> {
    this.draining ??= this.drainOnce(deadlineMs);
    return this.draining;
  }

  async close(): Promise<void> {
    await this.drain(this.timers.closeMs);
    this.ticker?.stop();
    for (const interval of this.intervals) clearInterval(interval);
    await Promise.all(this.natsPorts.map((port) => port.close()));
    this.metrics.tell();
  }

  /** The transport has no events of its own. */
  on(event: string): never {
    throw new TypeError(`StreamStrategy has no event ${event}`);
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the signature is Nest's
  unwrap<T>(): T {
    return this.peer as T;
  }

  private async start(): Promise<void> {
    const bus = { servers: this.options.servers, name: `worker-${this.options.provider}` };
    const count = this.options.connections ?? DEFAULT_CONNECTIONS;
    const events = { onDown: () => undefined, onUp: (port: NatsPort) => this.peer?.onReconnect(port) };
    const purposes = [...Array.from({ length: count }, (_, index) => `stream-${index + 1}`), 'stream-bulk'];
    this.natsPorts = await Promise.all(purposes.map((purpose) => NatsPort.open(bus, purpose, this.counters, events)));
    const bulk = this.natsPorts.at(-1)!;
    const ports = this.natsPorts.slice(0, -1);
    const peer = this.createPeer(ports, bulk);
    this.peer = peer;
    this.workerPorts = ports.map((port) => new WorkerPort(port, peer));
    for (const port of this.workerPorts) port.listen();
    new WorkerPort(bulk, peer).listenForBodies();
    await Promise.all(this.natsPorts.map((port) => port.flush()));
    this.ticker = new Ticker(this.timers.tickMs, () => peer.tick());
    this.beat();
    this.intervals = [
      setInterval(() => this.beat(), this.timers.workerBeatMs),
      setInterval(() => peer.onBeatInterval(), this.timers.edgeBeatMs),
    ];
  }

  private createPeer(ports: readonly NatsPort[], bulk: NatsPort): WorkerPeer {
    return new WorkerPeer({
      provider: this.options.provider,
      worker: this.workerId,
      bulkAddress: bulk.address,
      ports,
      scheduler: systemScheduler,
      timers: this.timers,
      counters: this.counters,
      capacity: this.capacity,
      ...(this.options.bodyBudgetBytes !== undefined && { bodyBudgetBytes: this.options.bodyBudgetBytes }),
      handle: (stream) => this.handle(stream),
      prepare: (stream) => this.claimListener?.(stream),
      onRoom: (room) => {
        if (this.draining) return;
        for (const port of this.workerPorts) port.setRoom(room);
      },
      onFault: (error) => this.logger.error(error),
    });
  }

  private async handle(stream: WorkerStream): Promise<void> {
    const handler = this.messageHandlers.get(STREAM_PATTERN);
    if (!handler) throw new Error('no method is marked with @StreamHandler()');
    const { traceparent } = stream.options;
    const run = async () => {
      const result$ = this.transformToObservable(await handler(stream, stream));
      await lastValueFrom(result$, { defaultValue: undefined });
    };
    await (traceparent === '' ? run() : runWithTraceHeaders({ traceparent }, run));
  }

  private async drainOnce(deadlineMs: number): Promise<void> {
    const { peer } = this;
    if (!peer) return;
    peer.draining = true;
    for (const port of this.workerPorts) port.setRoom(false);
    this.beat();
    if (!(await within(peer.whenIdle(), deadlineMs))) {
      peer.abortAll();
      await within(peer.whenIdle(), this.timers.abortGraceMs);
    }
    const confirmDeadlineMs = performance.now() + this.timers.confirmMs;
    while (peer.retained > 0 && performance.now() < confirmDeadlineMs) await sleep(CONFIRM_POLL_MS);
    peer.giveUpWaiting();
  }

  private beat(): void {
    const { peer } = this;
    if (!peer) return;
    const { inFlight, draining } = peer;
    const { capacity } = this;
    for (const { port } of this.workerPorts) {
      const { address } = port;
      const clockMs = systemScheduler.nowMs();
      const beat = { inFlight, capacity, draining, version: PROTOCOL_VERSION, address, clockMs };
      port.publish(workerBeatSubject(this.options.provider, this.workerId), encodeWorkerBeat(beat));
    }
    this.metrics.tell();
  }
}

const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, delayMs));

/** Whether the promise settles within the time. */
async function within(promise: Promise<void>, deadlineMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), deadlineMs);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
