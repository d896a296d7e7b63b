import { Logger } from '@nestjs/common';
import type { Event, PayloadOf } from '@switchyard/contracts';
import { z } from 'zod';
import type { Connection } from '../connection/connection.js';
import { outgoingHeaders } from '../rpc/headers.js';
import { eventSubject } from './subject.js';

/** Tells whoever listens now: core NATS, at most once. What must not be lost goes through the JetStreamPublisher. */
export class EventPublisher {
  readonly #logger = new Logger('events');
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Publishes on `<subject>[.<suffix>]`. While the broker is away the event is dropped: the library would buffer it and drop it on
   * the reconnect.
   * @throws ZodError when the payload breaks the contract, RangeError when the suffix is not legal in a subject.
   */
  publish<Contract extends Event>(
    contract: Contract,
    payload: PayloadOf<Contract>,
    { suffix }: { readonly suffix?: string } = {},
  ): void {
    const subject = eventSubject(contract.subject, suffix, 'refuse');
    const text = JSON.stringify(z.encode(contract.payload, payload));
    if (!this.#connection.connected) return;
    const headers = outgoingHeaders();
    try {
      this.#connection.nats.publish(subject, text, headers ? { headers } : {});
    } catch (error) {
      this.#logger.warn(`${subject} was not published: ${(error as Error).message}`);
    }
  }
}
