import { type CustomStrategy, type NatsContext, ServerNats } from '@nestjs/microservices';
import { ERRORS, type WireError } from '@switchyard/contracts';
import { runWithRequestId, runWithTraceHeaders, withSpan } from '@switchyard/telemetry';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../connection/connection.js';
import type { BusOptions } from '../connection/options.js';
import { incomingContext } from './headers.js';
import { UNREADABLE, type WireReply } from './wire.js';

export interface RpcServerOptions extends BusOptions {
  /** Replicas of one queue share the calls; the service's name when absent. */
  readonly queue?: string;
}

interface ReplyPacket {
  response?: unknown;
  err?: unknown;
  isDisposed?: boolean;
}

/** How long running calls may go on when the service stops. */
const DRAIN_DEADLINE_MS = 10_000;
const UNDELIVERABLE: WireError = { code: 'internal', message: ERRORS.internal.message, metadata: {} };

/**
 * Nest's NATS transport with four changes: our connection options, plain JSON on the wire, the caller's trace and request id around
 * the handler, and a stop that answers the calls it has accepted.
 */
export class RpcServer extends ServerNats {
  readonly #options: RpcServerOptions;
  readonly #subscribed: Subscription[] = [];
  readonly #running = new Map<Msg, () => void>();
  #connection: Connection | null = null;

  constructor(options: RpcServerOptions) {
    super({ queue: options.queue ?? options.name });
    this.#options = options;
    this.deserializer = {
      deserialize: (message: Msg) => ({ pattern: message.subject, data: readJson(message), id: message.reply ?? '' }),
    };
  }

  override async createNatsClient(): Promise<NatsConnection> {
    this.#connection = await Connection.open(this.#options, 'rpc-server');
    return this.#connection.nats;
  }

  /** The connection logs for itself. */
  override async handleStatusUpdates(): Promise<void> {}

  override bindEvents(client: NatsConnection): void {
    const queue = this.#options.queue ?? this.#options.name;
    for (const subject of this.messageHandlers.keys()) {
      const callback = this.getMessageHandler(subject) as (error: Error | null, message: Msg) => Promise<never>;
      this.#subscribed.push(client.subscribe(subject, { queue, callback: callback.bind(this) }));
    }
  }

  override handleMessage(subject: string, message: Msg): Promise<void> {
    const { trace, requestId } = incomingContext(message);
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    this.#running.set(message, resolve);
    return runWithTraceHeaders(trace, () =>
      runWithRequestId(requestId, () =>
        withSpan(
          subject,
          { 'rpc.system': 'nats', 'rpc.method': subject },
          async () => {
            try {
              await super.handleMessage(subject, message);
            } catch (error) {
              this.#answer(message, { error: UNDELIVERABLE });
              this.#settle(message);
              throw error;
            }
            await answered;
          },
          'server',
        ),
      ),
    );
  }

  override getPublisher(message: Msg, _id: string, _context: NatsContext): (packet: ReplyPacket) => void {
    let done = false;
    return (packet) => {
      // A handler of ours answers once; what closes the stream behind it carries nothing.
      if (!done) {
        done = true;
        this.#answer(
          message,
          packet.err === undefined ? { reply: packet.response } : { error: toWireError(packet.err) },
        );
      }
      this.#settle(message);
    };
  }

  override async close(): Promise<void> {
    await Promise.all(this.#subscribed.map((subscription) => subscription.drain().catch(() => undefined)));
    const deadline = Date.now() + DRAIN_DEADLINE_MS;
    while (this.#running.size > 0 && Date.now() < deadline) await sleep(10);
    await this.#connection?.close();
    await super.close();
  }

  #answer(message: Msg, reply: WireReply): void {
    if (!message.reply) return;
    try {
      message.respond(JSON.stringify(reply));
    } catch (error) {
      // A reply over the broker's payload limit: the caller must not wait for its whole time-out.
      this.logger.error(`${message.subject}: the reply cannot be sent: ${(error as Error).message}`);
      message.respond(JSON.stringify({ error: UNDELIVERABLE } satisfies WireReply));
    }
  }

  #settle(message: Msg): void {
    this.#running.get(message)?.();
    this.#running.delete(message);
  }
}

/** What `app.connectMicroservice` needs to serve the contracts of a service. */
export const rpcMicroservice = (options: RpcServerOptions): CustomStrategy => ({ strategy: new RpcServer(options) });

function readJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return UNREADABLE;
  }
}

/** The error filter has made it a WireError already, unless Nest itself failed before the handler. */
function toWireError(error: unknown): WireError {
  const wire = error as Partial<WireError> | null;
  return typeof wire === 'object' && wire !== null && typeof wire.code === 'string'
    ? (wire as WireError)
    : UNDELIVERABLE;
}
