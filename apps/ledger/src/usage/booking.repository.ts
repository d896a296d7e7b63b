import { rows } from '@switchyard/database';
import { dueNanos } from '@switchyard/pricing';
import type { EntityManager } from 'typeorm';
import type { UnusableUsage, ValidUsage } from './usage-event.js';

/** Where a message came from, and the SHA-256 of its bytes. */
export interface Origin {
  readonly subject: string;
  readonly sequence: number;
  readonly digest: string;
}
export type Incoming = Origin & { readonly usage: ValidUsage | UnusableUsage };
export type Valid = Origin & { readonly usage: ValidUsage };

/**
 * `corrected`: the real usage of a generation that was booked as an estimate. `pending`: an estimate that waits for it.
 * `superseded`: an estimate, and something is booked already. `contradiction`: something else is booked, and stays.
 */
export type UsageStatus =
  | 'applied'
  | 'corrected'
  | 'pending'
  | 'duplicate'
  | 'superseded'
  | 'contradiction'
  | 'quarantined';

export interface Applied {
  /** Of the message that it was. */
  readonly sequence: number;
  readonly status: UsageStatus;
  readonly generationId: string;
  readonly leaseId: string;
  /** The edge that the lease was lent to; null where no lease is known, and while an estimate waits. */
  readonly edgeId: string | null;
  /** What the customer has paid for the generation by now. */
  readonly chargedNanos: bigint;
  /** What it has added to the losses of the house; below zero when a correction made them smaller. */
  readonly lostNanos: bigint;
  /** The part of the loss that lies above the bound. */
  readonly overBoundNanos: bigint;
  /** What the house pays for a generation that came to nothing. */
  readonly insuredNanos: bigint;
  readonly outcome: string;
  readonly reason: string | null;
}

interface AppliedRow {
  readonly edge_id: string | null;
  readonly charged: string | null;
  readonly lost: string;
  readonly status: UsageStatus | 'unknown_lease' | 'foreign_lease';
}

/** Books events; each is applied, or quarantined where its lease cannot be the one. One answer for each, in their order. */
export async function bookUsage(manager: EntityManager, valid: readonly Valid[]): Promise<Applied[]> {
  const column = <Value>(of: (usage: ValidUsage) => Value) => valid.map(({ usage }) => of(usage));
  const results = await rows<AppliedRow>(
    manager,
    `SELECT edge_id, charged, lost, status FROM apply_usage($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[],
       $6::text[], $7::text[]::numeric[], $8::bigint[], $9::int[], $10::text[]::jsonb[])`,
    [
      column(({ event }) => event.generationId),
      column(({ event }) => event.leaseId),
      column(({ event }) => event.accountId),
      column(({ event }) => event.keyId),
      column(({ event }) => event.edgeEpoch),
      column(({ event }) => event.outcome),
      column(({ costPicos }) => costPicos.toString()),
      column(({ event }) => event.boundNanos.toString()),
      column(({ event }) => event.ownKey?.feePpm ?? null),
      column(({ payload }) => payload),
    ],
  );
  const applied: Applied[] = [];
  for (const [index, { status, edge_id: edgeId, charged, lost }] of results.entries()) {
    const incoming = valid[index]!;
    applied.push(
      status === 'unknown_lease' || status === 'foreign_lease'
        ? await quarantineUsage(manager, incoming, { reason: status, edgeId })
        : { ...answer(incoming, status, edgeId, BigInt(charged ?? 0)), ...housePart(incoming, status, BigInt(lost)) },
    );
  }
  return applied;
}

/** Lays estimates by for this long. One answer for each, in their order. */
export async function deferUsage(
  manager: EntityManager,
  valid: readonly Valid[],
  waitMs: number,
): Promise<readonly Applied[]> {
  const results = await rows<{ edge_id: string | null; charged: string | null; status: UsageStatus }>(
    manager,
    `SELECT edge_id, charged, status FROM defer_usage($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]::jsonb[], $6)`,
    [
      valid.map(({ usage }) => usage.event.generationId),
      valid.map(({ digest }) => digest),
      valid.map(({ subject }) => subject),
      valid.map(({ sequence }) => sequence),
      valid.map(({ usage }) => usage.payload),
      waitMs,
    ],
  );
  return results.map(({ edge_id: edgeId, charged, status }, index) =>
    answer(valid[index]!, status, edgeId, BigInt(charged ?? 0)),
  );
}

export interface QuarantineOptions {
  readonly reason: string;
  readonly edgeId?: string | null;
  /** False where the payload may be what PostgreSQL refused. */
  readonly withPayload?: boolean;
}

/** Sets one message aside for people. */
export async function quarantineUsage(
  manager: EntityManager,
  incoming: Incoming,
  { reason, edgeId = null, withPayload = true }: QuarantineOptions,
): Promise<Applied> {
  const { event } = incoming.usage;
  await rows(manager, 'SELECT quarantine_usage($1, $2, $3, $4, $5, $6)', [
    incoming.digest,
    event?.generationId ?? null,
    incoming.subject,
    incoming.sequence,
    reason,
    withPayload ? incoming.usage.payload : null,
  ]);
  return {
    ...answer(incoming, 'quarantined', edgeId ?? event?.edgeId ?? null, 0n),
    reason: reason.split(':')[0] ?? reason,
  };
}

const answer = (
  { sequence, usage }: Incoming,
  status: UsageStatus,
  edgeId: string | null,
  chargedNanos: bigint,
): Applied => ({
  sequence,
  status,
  generationId: usage.event?.generationId ?? '',
  leaseId: usage.event?.leaseId ?? '',
  edgeId,
  chargedNanos,
  lostNanos: 0n,
  overBoundNanos: 0n,
  insuredNanos: 0n,
  outcome: usage.event?.outcome ?? 'unknown',
  reason: null,
});

/** What the house bears of an event that was booked just now. */
function housePart({ usage: { event } }: Valid, status: UsageStatus, lostNanos: bigint): Partial<Applied> {
  if (status !== 'applied' && status !== 'corrected') return {};
  if (event.outcome === 'insured') return { insuredNanos: event.costNanos };
  if (event.outcome === 'void') return { lostNanos };
  const over = dueNanos(event.costPicos, event.ownKey) - event.boundNanos;
  return { lostNanos, overBoundNanos: over > 0n ? over : 0n };
}
