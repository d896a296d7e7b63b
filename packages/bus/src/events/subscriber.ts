import { Logger } from '@nestjs/common';
import type { Event, PayloadOf } from '@switchyard/contracts';
import { runWithRequestId, runWithTraceHeaders } from '@switchyard/telemetry';
import type { Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.js';
import { incomingContext } from '../rpc/headers.js';
import { eventSubject } from './subject.js';

export interface EventSubscription {
  stop(): void;
}

export interface SubscribeOptions {
  /** The id or name behind the subject of the event; `*` for any one, `>` for any. */
  readonly suffix?: string;
  /** Subscribers of one queue share the events instead of each receiving all. */
  readonly queue?: string;
}

/** Listens to events; goes on after every reconnect. */
export class EventSubscriber {
  readonly #logger = new Logger('events');
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** An event that breaks its contract, and a handler that fails, are log lines: the next event is handled all the same. */
  subscribe<Contract extends Event>(
    contract: Contract,
    handler: (payload: PayloadOf<Contract>, subject: string) => void | Promise<void>,
    { suffix, queue }: SubscribeOptions = {},
  ): EventSubscription {
    const subscription = this.#connection.nats.subscribe(eventSubject(contract.subject, suffix, 'allow'), {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error) this.#logger.error(`${contract.subject}: ${error.message}`);
        else void this.#handle(contract, handler, message);
      },
    });
    return { stop: () => subscription.unsubscribe() };
  }

  async #handle<Contract extends Event>(
    contract: Contract,
    handler: (payload: PayloadOf<Contract>, subject: string) => void | Promise<void>,
    message: Msg,
  ): Promise<void> {
    const payload = contract.payload.safeParse(readJson(message));
    if (!payload.success) {
      this.#logger.warn(`dropped an event on ${message.subject} that breaks its contract`);
      return;
    }
    const { trace, requestId } = incomingContext(message);
    try {
      await runWithTraceHeaders(trace, () =>
        runWithRequestId(requestId, () => handler(payload.data as PayloadOf<Contract>, message.subject)),
      );
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(typeof error);
      this.#logger.error(`the handler of ${message.subject} failed: ${cause.message}`, cause.stack);
    }
  }
}

function readJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
