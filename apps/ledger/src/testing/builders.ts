import { AdmissionTickets, UsageEvent, usageOf, type GrantLease, type RequestOf } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { UsageMessage } from '../usage/usage.service.js';
import { readUsage } from '../usage/usage-event.js';
import type { Incoming } from '../usage/usage.repository.js';

export const TTL_MS = 60_000;
export const GRACE_MS = 30_000;
export const TICKET_SECRET = 'c41d7be2905f4ab8a6e3107fd92b58c6';
export const tickets = new AdmissionTickets(TICKET_SECRET);

export type GrantRequest = RequestOf<typeof GrantLease>;

export const grantRequest = (fields: Partial<GrantRequest> & { accountId: string }): GrantRequest => ({
  leaseId: randomUUID(),
  keyId: randomUUID(),
  edgeId: 'edge-1',
  edgeEpoch: randomUUID(),
  wantNanos: 0n,
  minNanos: 0n,
  budgets: [],
  ...fields,
});

export const generationId = (): string => `gen-1763800000-${randomBytes(10).toString('hex')}`;

/** A usage event of a lease that costs exactly this much: one token per nano-dollar. It carries a genuine ticket. */
export function usageEvent(
  grant: GrantRequest,
  costNanos: bigint,
  fields: Partial<z.output<typeof UsageEvent>> = {},
): UsageEvent {
  const price = { version: 'test', prompt: 0n, completion: 1_000n };
  const usage = usageOf({ source: 'reported', outputTokens: Number(costNanos), requests: 1 });
  const admittedAtMs = Date.UTC(2026, 10, 22);
  const cost = costOf(fields.usage ?? usage, fields.price ?? price, fields.admittedAtMs ?? admittedAtMs);
  const event: UsageEvent = {
    generationId: generationId(),
    leaseId: grant.leaseId,
    accountId: grant.accountId,
    keyId: grant.keyId,
    edgeId: grant.edgeId,
    edgeEpoch: grant.edgeEpoch,
    provider: 'sandbox',
    endpointId: 'sandbox:sandbox/echo',
    model: 'sandbox/echo',
    upstreamModel: 'echo',
    outcome: 'final',
    usage,
    price,
    admittedAtMs,
    costPicos: cost.picos,
    costNanos: cost.nanos,
    boundNanos: cost.nanos,
    ticket: null,
    ownKey: null,
    finishReason: 'stop',
    nativeFinishReason: 'stop',
    upstreamId: null,
    cancelled: false,
    streamed: true,
    headersMs: 1,
    firstTokenMs: 2,
    totalMs: 3,
    witness: 'worker',
    ...fields,
  };
  return fields.ticket === undefined ? { ...event, ticket: tickets.issue(event) } : event;
}

let sequence = 0;

/** The event as it comes from the stream. */
export function usageMessage(event: UsageEvent | Uint8Array): UsageMessage {
  const data =
    event instanceof Uint8Array ? event : new TextEncoder().encode(JSON.stringify(z.encode(UsageEvent, event)));
  sequence += 1;
  return { subject: 'usage.v1.sandbox', data, sequence };
}

/** The event as the repository takes it. */
export function incoming(event: UsageEvent | Uint8Array): Incoming {
  const { subject, data, sequence } = usageMessage(event);
  return {
    subject,
    sequence,
    digest: createHash('sha256').update(data).digest('hex'),
    usage: readUsage(data, tickets),
  };
}
