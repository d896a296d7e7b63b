import type { UpstreamStream } from '@switchyard/bus';
import { Allowance, MeterReading } from '@switchyard/contracts';
import { z } from 'zod';
import type { Lease } from '../credit/lease.js';
import type { TicketOffice } from '../process/ticket-office.service.js';
import type { PlannedAttempt } from './attempt-plan.js';
import type { Generation } from './generation.js';

/** An attempt whose meter is read. */
export interface MeteredAttempt {
  readonly generation: Generation;
  readonly planned: PlannedAttempt;
  readonly lease: Lease;
  readonly tickets: TicketOffice;
  /** Told what nobody expected: the answer then ends where its allowance does. */
  readonly onFault: (error: unknown) => void;
}

/** Answers the readings of an attempt's meter, each with the whole allowance and a ticket for its bound. */
export function watchMeter(stream: UpstreamStream, attempt: MeteredAttempt): void {
  const { steps } = attempt.generation;
  if (!steps) return;
  stream.onMeter((value) => {
    const reading = MeterReading.safeParse(value);
    if (!reading.success) return;
    steps.answer(reading.data).then((step) => {
      if (step) stream.allow(allowanceOf(attempt, step));
    }, attempt.onFault);
  });
}

function allowanceOf(
  { generation, planned, lease, tickets }: MeteredAttempt,
  step: Pick<Allowance, 'outputTokens' | 'last'>,
): unknown {
  const { endpoint } = planned.candidate;
  const ticket = tickets.issue({ generation, endpoint, lease, ownKey: null });
  return z.encode(Allowance, { ...step, boundNanos: generation.hold.boundNanos, ticket });
}
