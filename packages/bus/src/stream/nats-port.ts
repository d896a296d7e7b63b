import type { Msg, Subscription } from '@nats-io/transport-node';
import { Connection } from '../connection/index.js';
import type { BusOptions } from '../connection/index.js';
import { MAX_INLINE_BODY_BYTES, MAX_META_BYTES } from './core/limits.js';
import type { Port, StreamCounters } from './core/ports.js';
import { randomId } from './ids.js';
import { processTurn } from './system-scheduler.js';

const NO_RESPONDERS = 503;
const ENVELOPE_BYTES = 1024;
/** A turn with much to read is longer than the messages of its beginning should wait. */
const MAX_HELD_MS = 2;
const MAX_HELD_MESSAGES = 256;

interface Held {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply: string | undefined;
}

export interface PortEvents {
  onDown(port: NatsPort): void;
  onUp(port: NatsPort): void;
}

/**
 * A data connection to the broker. What is published within a turn of the event loop is written as one: each write costs this process,
 * the broker and the reader a system call and the last two a wake-up, which on a busy machine is more than all else about a message.
 */
export class NatsPort implements Port {
  readonly address = randomId();
  connected = true;
  changedAtMs = performance.now();
  private held: Held[] = [];
  private heldSinceMs = 0;
  private readonly endTurn = () => this.send();

  private constructor(
    private readonly connection: Connection,
    private readonly counters: StreamCounters,
  ) {}

  /** @throws Error when no broker answers within the connect time-out, or when its `max_payload` is too small for a call. */
  static async open(
    options: BusOptions,
    purpose: string,
    counters: StreamCounters,
    events: PortEvents,
  ): Promise<NatsPort> {
    const connection = await Connection.open(options, purpose);
    const neededBytes = MAX_INLINE_BODY_BYTES + MAX_META_BYTES + ENVELOPE_BYTES;
    const allowedBytes = connection.nats.info?.max_payload ?? 0;
    if (allowedBytes < neededBytes) {
      await connection.close();
      throw new Error(`max_payload of the NATS server is ${allowedBytes} bytes, at least ${neededBytes} are needed`);
    }
    const port = new NatsPort(connection, counters);
    port.connected = connection.connected;
    connection.onStatus((status) => port.onStatus(status === 'connected', events));
    return port;
  }

  publish(subject: string, payload: Uint8Array, reply?: string): void {
    if (!this.connected) return;
    const nowMs = performance.now();
    if (this.held.length === 0) {
      this.heldSinceMs = nowMs;
      processTurn.end(this.endTurn);
    }
    this.held.push({ subject, payload, reply });
    if (nowMs - this.heldSinceMs >= MAX_HELD_MS || this.held.length >= MAX_HELD_MESSAGES) this.send();
  }

  /** What a callback throws must not end the reader of the connection, so it is counted instead. */
  subscribe(subject: string, onMessage: (message: Msg) => void, queue?: string): Subscription {
    return this.connection.nats.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        try {
          if (error) throw error;
          onMessage(message);
        } catch {
          this.counters.faults += 1;
        }
      },
    });
  }

  async flush(): Promise<void> {
    this.send();
    if (this.connected) await this.connection.nats.flush().catch(() => undefined);
  }

  /** Breaks the connection, which then comes back. */
  async reconnect(): Promise<void> {
    await this.connection.nats.reconnect();
  }

  async close(): Promise<void> {
    this.send();
    await this.connection.close();
    this.connected = false;
  }

  private send(): void {
    const { held } = this;
    if (held.length === 0) return;
    this.held = [];
    // It went away meanwhile: as lost as what was on its way.
    if (!this.connected) return;
    for (const { subject, payload, reply } of held) {
      try {
        this.connection.nats.publish(subject, payload, reply === undefined ? undefined : { reply });
      } catch {
        // Only a connection that is closing refuses here, or a frame over `max_payload`, which the limits rule out.
        this.counters.faults += 1;
      }
    }
  }

  private onStatus(connected: boolean, events: PortEvents): void {
    if (connected === this.connected) return;
    this.connected = connected;
    this.changedAtMs = performance.now();
    if (connected) events.onUp(this);
    else events.onDown(this);
  }
}

/** The broker's answer to a message that nobody listens to. */
export const isNoResponders = (message: Msg): boolean =>
  message.data.length === 0 && message.headers?.code === NO_RESPONDERS;
