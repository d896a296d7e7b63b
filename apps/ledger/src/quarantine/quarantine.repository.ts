import { Inject, Injectable } from '@nestjs/common';
import {
  GatewayError,
  UsageEvent,
  type DiscardQuarantined,
  type ListQuarantine,
  type QuarantinedUsage,
  type ReplyOf,
  type RequestOf,
  type RetryQuarantined,
} from '@switchyard/contracts';
import { query, rows, sqlStateOf, transaction } from '@switchyard/database';
import { DataSource, type EntityManager } from 'typeorm';
import { USAGE_DATABASE } from '../database/connections.js';
import { asRefusal } from '../database/refusals.js';
import { applyAll, type Applied, type Incoming, type Origin } from '../usage/usage.repository.js';

/** One message as it came; `payload` is its event, where it was a valid one. */
export interface QuarantinedMessage extends Origin {
  readonly payload: string | null;
}

interface QuarantineRow {
  readonly digest: string;
  readonly generation_id: string | null;
  readonly subject: string;
  readonly stream_seq: string;
  readonly reason: string;
  readonly state: QuarantinedUsage['state'];
  readonly deliveries: number;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly cursor: string;
  readonly payload: unknown;
  readonly actions: { action: 'retry' | 'discard'; actor: string; note: string | null; result: string; at: string }[];
}

@Injectable()
export class QuarantineRepository {
  constructor(@Inject(USAGE_DATABASE) private readonly dataSource: DataSource) {}

  async list({ state, after, limit }: RequestOf<typeof ListQuarantine>): Promise<ReplyOf<typeof ListQuarantine>> {
    const [afterMicros, afterDigest] = cursorOf(after);
    const found = await query<QuarantineRow>(
      this.dataSource,
      { idempotent: true },
      `SELECT q.*, (extract(epoch FROM q.first_seen_at) * 1000000)::bigint || '.' || q.digest AS cursor,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('action', a.action, 'actor', a.actor, 'note', a.note, 'result', a.result, 'at', a.at)
            ORDER BY a.id), '[]') FROM quarantine_action a WHERE a.digest = q.digest) AS actions
       FROM quarantine q WHERE q.state = $1
         AND (q.first_seen_at, q.digest) > ('epoch'::timestamptz + $2::bigint * interval '1 microsecond', $3::text)
       ORDER BY q.first_seen_at, q.digest LIMIT $4`,
      [state, afterMicros, afterDigest, limit + 1],
    );
    const page = found.slice(0, limit);
    return { items: page.map(itemOf), next: found.length > limit ? (page.at(-1)?.cursor ?? null) : null };
  }

  /** @throws GatewayError `not_found` when nothing of this name is in quarantine. */
  async find(digest: string): Promise<QuarantinedMessage> {
    const [row] = await query<{ subject: string; stream_seq: string; payload: string | null }>(
      this.dataSource,
      { idempotent: true },
      'SELECT subject, stream_seq, payload::text AS payload FROM quarantine WHERE digest = $1',
      [digest],
    );
    if (!row) throw new GatewayError('not_found', { message: NOT_THERE });
    return { digest, subject: row.subject, sequence: Number(row.stream_seq), payload: row.payload };
  }

  /**
   * Applies one message as any other and notes who did it, in one transaction.
   * @throws GatewayError `conflict` when it was dealt with before.
   */
  async retry(incoming: Incoming, { actor, note }: RequestOf<typeof RetryQuarantined>): Promise<Applied> {
    return this.#settled(async (manager) => {
      const applied = await this.#applied(manager, incoming);
      const refused = applied.status === 'quarantined';
      const reason = incoming.usage.kind === 'unusable' ? incoming.usage.reason : applied.reason;
      await resolve(manager, incoming.digest, {
        action: 'retry',
        actor,
        note,
        result: refused ? (reason ?? applied.status) : applied.status,
        state: refused ? 'open' : 'applied',
        reason: refused ? reason : null,
      });
      return applied;
    });
  }

  /** @throws GatewayError `not_found`, and `conflict` when it was dealt with before. */
  async discard({ digest, actor, note }: RequestOf<typeof DiscardQuarantined>): Promise<void> {
    await this.#settled((manager) =>
      resolve(manager, digest, {
        action: 'discard',
        actor,
        note,
        result: 'discarded',
        state: 'discarded',
        reason: null,
      }),
    );
  }

  /** What PostgreSQL refuses stays in quarantine, with the code of the refusal. */
  async #applied(manager: EntityManager, incoming: Incoming): Promise<Applied> {
    const [applied] = await manager.transaction((savepoint) =>
      applyAll(savepoint, [incoming], { estimateWaitMs: null }),
    );
    if (!applied) throw new TypeError('applying one message must have one answer');
    return applied;
  }

  async #settled<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    try {
      // The second try of a lost commit finds the message dealt with and says so; the books are right either way.
      return await transaction(this.dataSource, { idempotent: true }, work);
    } catch (error) {
      const refused = asRefusal(error);
      if (refused instanceof GatewayError)
        throw new GatewayError(refused.code, {
          message: refused.code === 'not_found' ? NOT_THERE : DEALT_WITH,
          cause: error,
        });
      if (sqlStateOf(error) === null) throw error;
      throw new GatewayError('conflict', {
        message: `PostgreSQL refuses it (${sqlStateOf(error)}). It can only be discarded.`,
        cause: error,
      });
    }
  }
}

const NOT_THERE = 'Nothing of this name is in quarantine.';
const DEALT_WITH = 'It was dealt with before.';

interface Resolution {
  readonly action: 'retry' | 'discard';
  readonly actor: string;
  readonly note: string | null;
  readonly result: string;
  readonly state: QuarantinedUsage['state'];
  /** Why it is refused now; null leaves the reason that stands. */
  readonly reason: string | null;
}

async function resolve(manager: EntityManager, digest: string, resolution: Resolution): Promise<void> {
  const { action, actor, note, result, state, reason } = resolution;
  await rows(manager, 'SELECT resolve_quarantined($1, $2, $3, $4, $5, $6, $7)', [
    digest,
    action,
    actor,
    note,
    result,
    state,
    reason,
  ]);
}

/** @throws GatewayError `invalid_request` for a cursor that was not ours. */
function cursorOf(after: string | null): [string, string] {
  const match = /^(\d{1,17})\.([0-9a-f]{64})$/.exec(after ?? '0.'.padEnd(66, '0'));
  if (!match) throw new GatewayError('invalid_request', { message: 'The cursor is not one of this list.' });
  return [match[1]!, match[2]!];
}

const itemOf = (row: QuarantineRow): QuarantinedUsage => ({
  digest: row.digest,
  generationId: row.generation_id,
  subject: row.subject,
  streamSequence: Number(row.stream_seq),
  reason: row.reason,
  state: row.state,
  deliveries: row.deliveries,
  firstSeenAt: row.first_seen_at.toISOString(),
  lastSeenAt: row.last_seen_at.toISOString(),
  event: UsageEvent.safeParse(row.payload).data ?? null,
  actions: row.actions.map((action) => ({ ...action, at: new Date(action.at).toISOString() })),
});
