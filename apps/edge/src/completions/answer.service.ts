import { Injectable, Logger } from '@nestjs/common';
import { StreamFailure } from '@switchyard/bus';
import type { StreamOutcome } from '@switchyard/bus';
import { AttemptEnd, GatewayError } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import type { z } from 'zod';
import type { Lease } from '../credit/lease.js';
import { HealthStore } from '../health/health.store.js';
import { EdgeProcess } from '../process/edge-process.js';
import { TicketOffice } from '../process/ticket-office.service.js';
import type { Answer } from './answer.js';
import { answerHeaders } from './answer-headers.js';
import { noteFailure, noteUsage } from './attempt-record.js';
import { Attempts, NobodySpoke } from './attempts.service.js';
import type { Speaking } from './attempts.service.js';
import { errorOf } from './attempts-failed.js';
import { reasonOf } from './client-connection.js';
import type { ClientConnection } from './client-connection.js';
import { Continuations } from './continuations.service.js';
import type { Seams } from './continuations.service.js';
import { edgeUsage } from './edge-usage.js';
import type { LostCase } from './edge-usage.js';
import type { Generation } from './generation.js';
import { firstBytes, relay, wholeAnswer } from './relay.js';
import type { Opening, WholeAnswer } from './relay.js';
import { tellRouting } from './routing-metadata.js';
import { NOTHING, endingOfBreak, endingOfFailure } from './settlement.js';
import type { Ending } from './settlement.js';

/** Gives a client the answer of the first attempt that speaks, and says how it ended. Never throws for what providers or clients do. */
@Injectable()
export class AnswerService {
  private readonly logger = new Logger(AnswerService.name);

  constructor(
    private readonly attempts: Attempts,
    private readonly health: HealthStore,
    private readonly edge: EdgeProcess,
    private readonly tickets: TicketOffice,
    private readonly continuations: Continuations,
  ) {}

  async give(generation: Generation, lease: Lease, client: ClientConnection): Promise<Answer> {
    const search = { generation, lease, signal: client.signal };
    try {
      if (!generation.request.stream) {
        return await this.whole(generation, await this.attempts.firstToSpeak(search, wholeAnswer), client);
      }
      client.keepAlive();
      return await this.streamed(generation, lease, await this.attempts.firstToSpeak(search, firstBytes), client);
    } catch (error) {
      if (!(error instanceof NobodySpoke)) throw error;
      return this.unanswered(generation, error, client);
    }
  }

  private async whole(
    generation: Generation,
    speaking: Speaking<WholeAnswer>,
    client: ClientConnection,
  ): Promise<Answer> {
    const { stream, head, read } = speaking;
    const ending = this.endingOf(await stream.end);
    this.succeeded(speaking, ending);
    client.describe(answerHeaders(speaking.attempt));
    const gone = client.signal.aborted;
    if (!gone) client.send(head.status, head.contentType, read.body);
    stream.acknowledge(read.heldBackBytes);
    return this.answer(generation, speaking, { ending, cancelled: gone });
  }

  private async streamed(
    generation: Generation,
    lease: Lease,
    speaking: Speaking<Opening>,
    client: ClientConnection,
    seams: Seams | null = this.continuations.seamsOf(generation),
  ): Promise<Answer> {
    const { stream, planned, attempt, head } = speaking;
    client.describe({ ...answerHeaders(attempt), ...(!client.speaksEvents && { 'content-type': head.contentType }) });
    // The reader may be waiting for the provider, so the worker is told by the event and not by the next write.
    const cancel = () => void stream.cancel(reasonOf(client.signal));
    client.signal.addEventListener('abort', cancel, { once: true });
    let bytesForwarded = 0;
    const lost = (lostCase: LostCase): Ending => {
      attempt.totalMs = Date.now() - attempt.startedAtMs;
      const facts = {
        generation,
        candidate: planned.candidate,
        attempt,
        lease,
        edge: this.edge,
        ticket: this.tickets.issue({ generation, endpoint: planned.candidate.endpoint, lease, ownKey: null }),
        bytesForwarded,
        case: lostCase,
      };
      return { kind: 'witnessed', usage: edgeUsage(facts) };
    };
    try {
      const onBytes = (bytes: Uint8Array) => {
        bytesForwarded += bytes.byteLength;
        seams?.given(bytes);
      };
      await relay(stream, speaking.read, client, { onBytes, ...(seams && { edit: seams.edit }) });
      const ending = this.endingOf(await stream.end);
      client.end();
      this.succeeded(speaking, ending);
      return this.answer(generation, speaking, { ending });
    } catch (error) {
      const failure = error instanceof StreamFailure ? error.failure : null;
      if (client.signal.aborted || failure?.code === 'slow_client') {
        client.cut();
        const ending = this.endingOfCut(await stream.cancel(reasonOf(client.signal)), lost);
        attempt.outcome = 'cancelled';
        attempt.errorCode = reasonOf(client.signal);
        return this.answer(generation, speaking, { ending, cancelled: true });
      }
      if (!failure) throw error;
      noteFailure(attempt, failure);
      this.health.observe(planned.candidate.endpoint.id, 'failure', { code: failure.code });
      const next = await this.continuations.next({
        generation,
        lease,
        speaking,
        failure,
        seams,
        signal: client.signal,
      });
      if (next) return await this.streamed(generation, lease, next, client, seams);
      const shown = tellRouting(errorOf([{ planned, failure }]), generation);
      client.fail(dialectOf(generation.dialect).renderStreamError(shown, contextOf(generation, speaking)));
      // Something was said and cannot be taken back, so it is not charged: the house bears what the provider asks for it.
      const ending = failure.usage ? endingOfBreak(failure, seams !== null) : lost('gateway_failed');
      return this.answer(generation, speaking, { ending, error: shown });
    } finally {
      client.signal.removeEventListener('abort', cancel);
      client.release();
    }
  }

  private unanswered(generation: Generation, { failures, cut }: NobodySpoke, client: ClientConnection): Answer {
    const failedMs = generation.attempts.reduce((sum, { totalMs }) => sum + totalMs, 0);
    const last = failures.at(-1)?.failure;
    const told = last ? endingOfFailure(last) : NOTHING;
    const nobody = { served: null, failedMs };
    if (client.signal.aborted) {
      client.release();
      const ending = cut?.outcome ? this.endingOfCut(cut.outcome, () => ({ kind: 'unknown' })) : told;
      const error = new GatewayError(reasonOf(client.signal));
      return { ...nobody, ending, error, delivered: true, cancelled: true };
    }
    const error = tellRouting(errorOf(failures), generation);
    const delivered = client.streaming;
    if (delivered) client.end(dialectOf(generation.dialect).renderStreamError(error, contextOf(generation, null)));
    else client.release();
    return { ...nobody, ending: told, error, delivered, cancelled: false };
  }

  private answer(
    generation: Generation,
    { planned, attempt }: Speaking<unknown>,
    end: { readonly ending: Ending; readonly error?: GatewayError; readonly cancelled?: boolean },
  ): Answer {
    if ('usage' in end.ending) noteUsage(attempt, end.ending.usage);
    const failedMs = generation.attempts.reduce((sum, other) => (other === attempt ? sum : sum + other.totalMs), 0);
    const served = { candidate: planned.candidate, attempt };
    return { served, failedMs, delivered: true, error: null, cancelled: false, ...end };
  }

  private succeeded({ planned, attempt }: Speaking<unknown>, ending: Ending): void {
    attempt.outcome = 'success';
    attempt.totalMs = 'usage' in ending ? ending.usage.totalMs : Date.now() - attempt.startedAtMs;
    this.health.observe(planned.candidate.endpoint.id, 'success');
  }

  /** The usage in the last frame. A worker that breaks the contract leaves the bound on the books until the ledger tells. */
  private endingOf(meta: unknown): Ending {
    const end = AttemptEnd.safeDecode(meta as z.input<typeof AttemptEnd>);
    if (end.success) return { kind: 'confirmed', usage: end.data.usage };
    this.logger.error(
      `a worker ended a stream without usage: ${end.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
    );
    return { kind: 'unknown' };
  }

  private endingOfCut(outcome: StreamOutcome, lost: (lostCase: LostCase) => Ending): Ending {
    if (outcome.kind === 'end') return this.endingOf(outcome.meta);
    return outcome.kind === 'fail' ? endingOfFailure(outcome.meta) : lost('cancelled_untold');
  }
}

function contextOf(generation: Generation, speaking: Speaking<unknown> | null) {
  const candidate = speaking?.planned.candidate ?? generation.candidates[0];
  return {
    generationId: generation.id,
    created: Math.floor(generation.admittedAtMs / 1000),
    model: candidate?.model.id ?? '',
    providerName: candidate?.endpoint.providerName ?? '',
  };
}
