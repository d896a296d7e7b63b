import { Inject, Injectable, Logger } from '@nestjs/common';
import { JetStreamReader } from '@switchyard/bus';
import {
  AdmissionTickets,
  GatewayError,
  USAGE_STREAM,
  type DiscardQuarantined,
  type ListQuarantine,
  type ReplyOf,
  type RequestOf,
  type RetryQuarantined,
} from '@switchyard/contracts';
import { createHash } from 'node:crypto';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { readUsage } from '../usage/usage-event.js';
import { UsageService } from '../usage/usage.service.js';
import { QuarantineRepository, type QuarantinedMessage } from './quarantine.repository.js';

/** What people do about usage that could not be applied. Everything that they do is kept with their name. */
@Injectable()
export class QuarantineService {
  readonly #logger = new Logger('quarantine');
  readonly #tickets: AdmissionTickets;

  constructor(
    private readonly quarantine: QuarantineRepository,
    private readonly stream: JetStreamReader,
    private readonly usage: UsageService,
    @Inject(LEDGER_OPTIONS) options: LedgerOptions,
  ) {
    this.#tickets = new AdmissionTickets(options.ticketSecret);
  }

  list(request: RequestOf<typeof ListQuarantine>): Promise<ReplyOf<typeof ListQuarantine>> {
    return this.quarantine.list(request);
  }

  async retry(request: RequestOf<typeof RetryQuarantined>): Promise<ReplyOf<typeof RetryQuarantined>> {
    const message = await this.quarantine.find(request.digest);
    const { subject, sequence, digest } = message;
    const usage = readUsage(await this.#bytesOf(message), this.#tickets);
    const applied = await this.quarantine.retry({ subject, sequence, digest, usage }, request);
    const refused = applied.status === 'quarantined';
    if (!refused) this.usage.tell([applied], []);
    this.#logger.log(`${request.actor} retried the usage of ${applied.generationId || digest}: ${applied.status}`);
    return {
      applied: !refused,
      result: refused ? (applied.reason ?? applied.status) : applied.status,
      chargedNanos: applied.chargedNanos,
    };
  }

  async discard(request: RequestOf<typeof DiscardQuarantined>): Promise<ReplyOf<typeof DiscardQuarantined>> {
    await this.quarantine.discard(request);
    this.#logger.log(`${request.actor} gave up the usage ${request.digest}`);
    return { discarded: true };
  }

  /** The event as it was kept; where it was none, the bytes that came, which the stream holds for a month. */
  async #bytesOf({ payload, sequence, digest }: QuarantinedMessage): Promise<Uint8Array> {
    if (payload !== null) return new TextEncoder().encode(payload);
    // A stream that was made anew counts from one again, and one message may carry several events.
    const bytes = (await this.stream.payloads(USAGE_STREAM, sequence)).find(
      (payload) => createHash('sha256').update(payload).digest('hex') === digest,
    );
    if (!bytes)
      throw new GatewayError('conflict', {
        message: 'The stream does not hold this message any more. It can only be discarded.',
      });
    return bytes;
  }
}
