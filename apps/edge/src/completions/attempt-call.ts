import { RoutingMetadata } from '@switchyard/contracts';
import type { Attempt, AttemptCall } from '@switchyard/contracts';
import type { EdgeConfig } from '../config.js';
import type { Lease } from '../credit/lease.js';
import type { EdgeProcess } from '../process/edge-process.js';
import type { TicketOffice } from '../process/ticket-office.service.js';
import type { PlannedAttempt } from './attempt-plan.js';
import { mayContinue } from './continuation.js';
import { endpointWire } from './endpoint-wire.js';
import type { Generation } from './generation.js';
import { routingMetadata } from './routing-metadata.js';
import { z } from 'zod';

/** An answer that comes in one piece takes as long as it is written: milliseconds per token that is waited for. */
const MS_PER_WHOLE_TOKEN = 20;
const USUAL_ANSWER_TOKENS = 4_096;

/** Who sends a call. */
export interface Sender {
  readonly edge: EdgeProcess;
  readonly config: EdgeConfig;
  readonly tickets: TicketOffice;
}

/** The facts of one attempt, in their wire form: written as it is, because the worker checks it and all of it is our own. */
export function attemptCall(
  generation: Generation,
  { number, candidate, reason }: PlannedAttempt,
  lease: Lease,
  { edge, config, tickets }: Sender,
): z.input<typeof AttemptCall> {
  const { endpoint } = candidate;
  const ownKey = null;
  return {
    generationId: generation.id,
    attempt: number,
    created: Math.floor(generation.admittedAtMs / 1000),
    admittedAtMs: generation.admittedAtMs,
    dialect: generation.dialect,
    stream: generation.request.stream,
    ...(generation.job && { job: generation.job }),
    endpoint: endpointWire(endpoint),
    leaseId: lease.identity.leaseId,
    accountId: generation.caller.key.accountId,
    keyId: generation.caller.key.id,
    edgeId: edge.edgeId,
    edgeEpoch: edge.edgeEpoch,
    boundNanos: generation.hold.boundNanos.toString(),
    ticket: tickets.issue({ generation, endpoint, lease, ownKey }),
    ownKey,
    allowance: generation.steps?.outputTokens ?? null,
    ...(Object.keys(generation.clientHeaders).length > 0 && { clientHeaders: generation.clientHeaders }),
    ...(candidate.routed && { routed: candidate.routed }),
    ...(generation.strict && { strict: true }),
    ...(mayContinue(generation) && { continuable: true }),
    ...(reason === 'continuation' && { continues: true }),
    ...(generation.tellsRouting && {
      routing: z.encode(RoutingMetadata, routingMetadata(generation, attemptOf(generation, number))),
    }),
    timeouts: timeoutsOf(generation, endpoint.reasoning !== null, { edge, config }),
  };
}

/** The deadlines of one attempt. Whatever came before it counts: no request takes longer in all than its total. */
function timeoutsOf(
  generation: Generation,
  reasons: boolean,
  { edge, config }: Pick<Sender, 'edge' | 'config'>,
): AttemptCall['timeouts'] {
  const asked = generation.options?.timeouts ?? {};
  const totalMs = asked.totalMs ?? config.UPSTREAM_TOTAL_MS;
  const leftMs = Math.max(1, Math.ceil(totalMs - (edge.clock() - generation.startedMs)));
  return {
    connectMs: asked.connectMs ?? config.UPSTREAM_CONNECT_MS,
    firstByteMs: asked.firstByteMs ?? firstByteMs(generation, reasons, config),
    idleMs: asked.idleMs ?? config.UPSTREAM_IDLE_MS,
    totalMs: leftMs,
  };
}

/** Models that reason are slow to speak, not dead. */
function firstByteMs({ request }: Generation, reasons: boolean, config: EdgeConfig): number {
  const patienceMs = reasons ? config.UPSTREAM_REASONING_FIRST_BYTE_MS : config.UPSTREAM_FIRST_BYTE_MS;
  const writingMs = request.stream ? 0 : (request.maxTokens ?? USUAL_ANSWER_TOKENS) * MS_PER_WHOLE_TOKEN;
  return Math.min(patienceMs + writingMs, config.UPSTREAM_TOTAL_MS);
}

/** The record of the attempt that a call is made for. */
const attemptOf = ({ attempts }: Generation, number: number): Attempt | null =>
  attempts.find((attempt) => attempt.number === number) ?? null;
