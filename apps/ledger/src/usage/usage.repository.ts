import { Inject, Injectable } from '@nestjs/common';
import { isTransient, rows, sqlStateOf, transaction } from '@switchyard/database';
import { DataSource, type EntityManager } from 'typeorm';
import { USAGE_DATABASE } from '../database/connections.js';
import type { UnusableUsage, ValidUsage } from './usage-event.js';

/** Where a message came from, and the SHA-256 of its bytes. */
export interface Origin {
  readonly subject: string;
  readonly sequence: number;
  readonly digest: string;
}
export type Incoming = Origin & { readonly usage: ValidUsage | UnusableUsage };
type Valid = Origin & { readonly usage: ValidUsage };

/**
 * `corrected`: the real usage of a generation that was booked as an estimate. `superseded`: an estimate, and something is booked
 * already. `contradiction`: something else is booked, and stays.
 */
export type UsageStatus = 'applied' | 'corrected' | 'duplicate' | 'superseded' | 'contradiction' | 'quarantined';

export interface Applied {
  /** Of the message that it was. */
  readonly sequence: number;
  readonly status: UsageStatus;
  readonly generationId: string;
  readonly leaseId: string;
  /** The edge that the lease was lent to; null where no lease is known. */
  readonly edgeId: string | null;
  /** What the customer has paid for the generation by now. */
  readonly chargedNanos: bigint;
  /** What it has added to the losses of the house; below zero when a correction made them smaller. */
  readonly lostNanos: bigint;
  readonly outcome: string;
  readonly reason: string | null;
}

interface AppliedRow {
  readonly generation_id: string;
  readonly lease_id: string;
  readonly edge_id: string | null;
  readonly charged: string | null;
  readonly lost: string;
  readonly status: UsageStatus | 'unknown_lease' | 'foreign_lease';
}

@Injectable()
export class UsageRepository {
  constructor(@Inject(USAGE_DATABASE) private readonly dataSource: DataSource) {}

  /**
   * Applies a batch in one transaction, with the effect of once however often it is called. When the batch as a whole is refused it
   * goes one by one, and what is refused then is quarantined.
   * @throws GatewayError `service_unavailable` without PostgreSQL: nothing was acknowledged, and the batch comes again.
   */
  async apply(batch: readonly Incoming[]): Promise<Applied[]> {
    try {
      return await transaction(this.dataSource, { idempotent: true }, (manager) => this.#applyAll(manager, batch));
    } catch (error) {
      if (sqlStateOf(error) === null) throw error;
      return transaction(this.dataSource, { idempotent: true }, (manager) => this.#applyEach(manager, batch));
    }
  }

  async #applyAll(manager: EntityManager, batch: readonly Incoming[]): Promise<Applied[]> {
    const valid = batch.filter((incoming): incoming is Valid => incoming.usage.kind === 'valid');
    const results = valid.length > 0 ? await applyUsage(manager, valid) : [];
    const applied: Applied[] = [];
    for (const [index, row] of results.entries()) {
      const incoming = valid[index]!;
      const refused = row.status === 'unknown_lease' || row.status === 'foreign_lease';
      applied.push(refused ? await quarantine(manager, incoming, row.status, row.edge_id) : appliedOf(row, incoming));
    }
    for (const incoming of batch)
      if (incoming.usage.kind === 'unusable')
        applied.push(await quarantine(manager, incoming, incoming.usage.reason, null));
    return applied;
  }

  async #applyEach(manager: EntityManager, batch: readonly Incoming[]): Promise<Applied[]> {
    const applied: Applied[] = [];
    // In the lock order of a batch, because the locks of all of them are kept to the end.
    for (const incoming of batch.toSorted((a, b) => leaseOf(a).localeCompare(leaseOf(b)))) {
      try {
        applied.push(...(await manager.transaction((savepoint) => this.#applyAll(savepoint, [incoming]))));
      } catch (error) {
        if (isTransient(error)) throw error;
        // The payload stays out: it may be what PostgreSQL refused.
        applied.push(await quarantine(manager, incoming, `refused: ${sqlStateOf(error) ?? 'error'}`, null, false));
      }
    }
    return applied;
  }
}

const leaseOf = (incoming: Incoming): string => incoming.usage.event?.leaseId ?? '';

/** One row for each, in their order. */
function applyUsage(manager: EntityManager, valid: readonly Valid[]): Promise<AppliedRow[]> {
  const column = <Value>(of: (usage: ValidUsage) => Value) => valid.map(({ usage }) => of(usage));
  return rows<AppliedRow>(
    manager,
    `SELECT * FROM apply_usage($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[]::numeric[], $8::bigint[], $9::int[], $10::text[]::jsonb[])`,
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
}

const appliedOf = (row: AppliedRow, { sequence, usage }: Valid): Applied => ({
  sequence,
  status: row.status as UsageStatus,
  generationId: row.generation_id,
  leaseId: row.lease_id,
  edgeId: row.edge_id,
  chargedNanos: BigInt(row.charged ?? 0),
  lostNanos: BigInt(row.lost),
  outcome: usage.event.outcome,
  reason: null,
});

async function quarantine(
  manager: EntityManager,
  { subject, sequence, digest, usage }: Incoming,
  reason: string,
  edgeId: string | null,
  withPayload = true,
): Promise<Applied> {
  const { event } = usage;
  await rows(manager, 'SELECT quarantine_usage($1, $2, $3, $4, $5, $6)', [
    digest,
    event?.generationId ?? null,
    subject,
    sequence,
    reason,
    withPayload ? usage.payload : null,
  ]);
  return {
    sequence,
    status: 'quarantined',
    generationId: event?.generationId ?? '',
    leaseId: event?.leaseId ?? '',
    edgeId: edgeId ?? event?.edgeId ?? null,
    chargedNanos: 0n,
    lostNanos: 0n,
    outcome: event?.outcome ?? 'unknown',
    reason: reason.split(':')[0] ?? reason,
  };
}
