import { Inject, Injectable } from '@nestjs/common';
import type { AdmissionTickets } from '@switchyard/contracts';
import { isTransient, query, sqlStateOf, transaction } from '@switchyard/database';
import { DataSource, type EntityManager } from 'typeorm';
import { USAGE_DATABASE } from '../database/connections.js';
import { isProvisional, readUsage } from './usage-event.js';
import {
  bookUsage,
  deferUsage,
  quarantineUsage,
  type Applied,
  type Incoming,
  type Valid,
} from './booking.repository.js';

export type { Applied, Incoming, Origin, UsageStatus } from './booking.repository.js';

export interface ApplyOptions {
  /** How long estimates of edges wait for the real usage; null books them now. */
  readonly estimateWaitMs: number | null;
}

interface PendingRow {
  readonly digest: string;
  readonly subject: string;
  readonly stream_seq: string;
  readonly payload: string;
}

const AT_ONCE: ApplyOptions = { estimateWaitMs: null };

@Injectable()
export class UsageRepository {
  constructor(@Inject(USAGE_DATABASE) private readonly dataSource: DataSource) {}

  /**
   * Applies a batch in one transaction, with the effect of once however often it is called. When the batch as a whole is refused it
   * goes one by one, and what is refused then is quarantined.
   * @throws GatewayError `service_unavailable` without PostgreSQL: nothing was acknowledged, and the batch comes again.
   */
  async apply(batch: readonly Incoming[], options: ApplyOptions = AT_ONCE): Promise<Applied[]> {
    try {
      return await transaction(this.dataSource, { idempotent: true }, (manager) => applyAll(manager, batch, options));
    } catch (error) {
      if (sqlStateOf(error) === null) throw error;
      return transaction(this.dataSource, { idempotent: true }, (manager) => applyEach(manager, batch, options));
    }
  }

  /** Estimates that have waited long enough, the oldest first. */
  async due(limit: number, tickets: AdmissionTickets): Promise<Incoming[]> {
    const due = await query<PendingRow>(
      this.dataSource,
      { idempotent: true },
      `SELECT digest, subject, stream_seq, payload::text AS payload FROM usage_pending
       WHERE due_at <= clock() ORDER BY due_at, generation_id LIMIT $1`,
      [limit],
    );
    return due.map(({ digest, subject, stream_seq: sequence, payload }) => ({
      digest,
      subject,
      sequence: Number(sequence),
      usage: readUsage(new TextEncoder().encode(payload), tickets),
    }));
  }
}

/** Applies what can be read, lays provisional estimates by, and quarantines the rest: inside a transaction of the caller. */
export async function applyAll(
  manager: EntityManager,
  batch: readonly Incoming[],
  { estimateWaitMs }: ApplyOptions,
): Promise<Applied[]> {
  const valid = batch.filter((incoming): incoming is Valid => incoming.usage.kind === 'valid');
  const waits = ({ usage }: Valid) => estimateWaitMs !== null && isProvisional(usage.event);
  const [waiting, ready] = [valid.filter(waits), valid.filter((incoming) => !waits(incoming))];
  const applied = ready.length > 0 ? await bookUsage(manager, ready) : [];
  if (waiting.length > 0) applied.push(...(await deferUsage(manager, waiting, estimateWaitMs ?? 0)));
  for (const incoming of batch)
    if (incoming.usage.kind === 'unusable')
      applied.push(await quarantineUsage(manager, incoming, { reason: incoming.usage.reason }));
  return applied;
}

async function applyEach(
  manager: EntityManager,
  batch: readonly Incoming[],
  options: ApplyOptions,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  // In the lock order of a batch, because the locks of all of them are kept to the end.
  for (const incoming of batch.toSorted((a, b) => leaseOf(a).localeCompare(leaseOf(b)))) {
    try {
      applied.push(...(await manager.transaction((savepoint) => applyAll(savepoint, [incoming], options))));
    } catch (error) {
      if (isTransient(error)) throw error;
      const reason = `refused: ${sqlStateOf(error) ?? 'error'}`;
      applied.push(await quarantineUsage(manager, incoming, { reason, withPayload: false }));
    }
  }
  return applied;
}

const leaseOf = (incoming: Incoming): string => incoming.usage.event?.leaseId ?? '';
