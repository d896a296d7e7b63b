import { setTimeout } from 'node:timers/promises';
import { currentTraceHeaders } from '@switchyard/telemetry';
import type { OpenOptions } from '../core/edge-host.js';
import { EdgePeer } from '../core/edge-peer.js';
import { StreamFailure, busFailure } from '../core/failure.js';
import { encodeJson } from '../core/frame.js';
import { decodeWorkerBeat } from '../core/worker-beat.js';
import { DEFAULT_CONNECTIONS, MAX_LAG_MS } from '../core/limits.js';
import { newCounters } from '../core/ports.js';
import type { StreamCounters } from '../core/ports.js';
import { ANY_WORKER_BEAT, edgeBeatSubject, framesPrefix, workerOfBeat } from '../core/subjects.js';
import { withTimers } from '../core/timers.js';
import type { StreamTimers } from '../core/timers.js';
import { CounterMetrics } from '../counter-metrics.js';
import { randomId } from '../ids.js';
import { NatsPort, isNoResponders } from '../nats-port.js';
import { systemScheduler } from '../system-scheduler.js';
import { Ticker } from '../ticker.js';
import type { UpstreamStream } from './upstream-stream.js';

/** An event loop that has not been on time for so long: half of what the broker waits before it cuts who does not read (nats.conf). */
const OVERLOADED_AFTER_MS = 1_000;
/** How long a call waits for an event loop that lags. */
const LAG_WAIT_MS = 100;
const MAX_LAG_WAITS = 15;

export interface StreamClientOptions {
  readonly servers: string;
  /** Name of the edge in heartbeats; the streams go by a random id of the process. */
  readonly edgeId: string;
  /** Connections that streams are spread over; one more carries request bodies. */
  readonly connections?: number;
  /** An event loop that is later than this for a second refuses new streams; 200 ms by default. */
  readonly maxLagMs?: number;
  readonly timers?: Partial<StreamTimers>;
}

/** The data plane of an edge: opens streams to workers. */
export class StreamClient {
  readonly counters: StreamCounters = newCounters();
  private readonly metrics = new CounterMetrics(this.counters);
  private readonly processId = randomId();
  private readonly timers: StreamTimers;
  private readonly maxLagMs: number;
  private readonly startedAtMs = Date.now();
  private ports: NatsPort[] = [];
  private peer!: EdgePeer;
  private ticker!: Ticker;
  private intervals: NodeJS.Timeout[] = [];
  private readonly goneListeners = new Set<(worker: string) => void>();

  private constructor(private readonly options: StreamClientOptions) {
    this.timers = withTimers(options.timers);
    this.maxLagMs = options.maxLagMs ?? MAX_LAG_MS;
  }

  /** @throws Error when no broker answers within the connect time-out. Later losses of the broker are survived for ever. */
  static async connect(options: StreamClientOptions): Promise<StreamClient> {
    const client = new StreamClient(options);
    await client.start();
    return client;
  }

  /** Streams that a worker serves or is asked to. */
  get inFlight(): number {
    return this.peer.inFlight;
  }

  /** How late the event loop is, milliseconds. */
  get lagMs(): number {
    return this.ticker.lagMs;
  }

  /**
   * New streams would be refused, because this process is too slow to serve them, and has been for a while: a large body that is
   * parsed, or a machine that stands still for a moment, is no reason to turn others away.
   */
  get overloaded(): boolean {
    return this.ticker.lateForMs > OVERLOADED_AFTER_MS;
  }

  /** At least one data connection is up. */
  get connected(): boolean {
    return this.ports.some((port) => port.connected);
  }

  /** Providers of which a worker is heard; null while that is not sure. */
  servedProviders(): ReadonlySet<string> | null {
    return this.peer.servedProviders();
  }

  /** Calls back with the id of each worker that seems to have died, by its silence or by the broker; it may yet come back. */
  onWorkerGone(listener: (worker: string) => void): () => void {
    this.goneListeners.add(listener);
    return () => void this.goneListeners.delete(listener);
  }

  /**
   * Finds a worker of the provider and resolves at the head of its answer.
   * @throws StreamFailure: `worker_unavailable` within half a second when nobody serves the provider or the broker is away,
   * `worker_busy`, `payload_too_large` (over 32 MiB), `overloaded`, what the worker itself failed with, or, once the signal is
   * aborted and the worker has confirmed, `client_closed_request` with its `outcome`.
   */
  async open(options: OpenOptions): Promise<UpstreamStream> {
    const { signal } = options;
    if (signal?.aborted) throw new StreamFailure(busFailure('client_closed_request', 'claim'));
    await this.untilResponsive();
    if (signal?.aborted) throw new StreamFailure(busFailure('client_closed_request', 'claim'));
    const stream = this.peer.open(options, currentTraceHeaders()['traceparent']);
    if (signal) {
      const onAbort = () => void stream.cancel(typeof signal.reason === 'string' ? signal.reason : 'aborted');
      signal.addEventListener('abort', onAbort, { once: true });
      void stream.settled.then(() => signal.removeEventListener('abort', onAbort));
    }
    await stream.open();
    return stream;
  }

  /**
   * The call itself may have blocked the event loop: a body of 20 MB takes longer to parse than the lag that is allowed. So only
   * what is still too slow a moment later is refused.
   */
  private async untilResponsive(): Promise<void> {
    for (let waits = 0; this.overloaded; waits += 1) {
      if (waits === MAX_LAG_WAITS) throw new StreamFailure(busFailure('overloaded', 'claim', { retryAfterMs: 1000 }));
      await setTimeout(LAG_WAIT_MS);
    }
  }

  /** Cancels what still runs and closes the connections. */
  async close(): Promise<void> {
    this.ticker.stop();
    for (const interval of this.intervals) clearInterval(interval);
    this.peer.close();
    await Promise.all(this.ports.map((port) => port.close()));
    this.metrics.tell();
  }

  private async start(): Promise<void> {
    const count = this.options.connections ?? DEFAULT_CONNECTIONS;
    const bus = { servers: this.options.servers, name: 'edge' };
    const events = {
      onDown: (port: NatsPort) => this.peer.onDisconnect(port),
      onUp: (port: NatsPort) => this.peer.onReconnect(port),
    };
    const purposes = [...Array.from({ length: count }, (_, index) => `stream-${index + 1}`), 'stream-bulk'];
    this.ports = await Promise.all(purposes.map((purpose) => NatsPort.open(bus, purpose, this.counters, events)));
    const bulk = this.ports.at(-1)!;
    const ports = this.ports.slice(0, -1);
    this.peer = new EdgePeer({
      ports,
      bulk,
      edge: this.processId,
      scheduler: systemScheduler,
      timers: this.timers,
      counters: this.counters,
      newId: randomId,
      onWorkerGone: (worker) => {
        for (const listener of this.goneListeners) listener(worker);
      },
    });
    for (const port of ports) this.listen(port);
    await Promise.all(ports.map((port) => port.flush()));
    this.ticker = new Ticker(this.timers.tickMs, () => this.peer.tick(), this.maxLagMs);
    const beat = () => this.beat(ports);
    beat();
    this.intervals = [
      setInterval(beat, this.timers.edgeBeatMs),
      setInterval(() => this.peer.onBeatInterval(), this.timers.workerBeatMs),
    ];
  }

  private listen(port: NatsPort): void {
    port.subscribe(`${framesPrefix(port.address)}*`, (message) => {
      if (isNoResponders(message)) this.peer.onNoResponders(port, message.subject);
      else this.peer.onMessage(port, message.subject, message.data, message.reply);
    });
    port.subscribe(ANY_WORKER_BEAT, ({ subject, data }) => {
      const [provider, worker] = workerOfBeat(subject);
      this.peer.onWorkerBeat(provider, worker, decodeWorkerBeat(data));
    });
  }

  private beat(ports: readonly NatsPort[]): void {
    const payload = encodeJson({ edge: this.options.edgeId, epoch: this.startedAtMs, inFlight: this.inFlight });
    for (const port of ports) port.publish(edgeBeatSubject(this.processId), payload);
    this.metrics.tell();
  }
}
