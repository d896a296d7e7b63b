import { Injectable } from '@nestjs/common';
import type { EraseVault, PutVaultPart, RequestOf, VaultKind } from '@switchyard/contracts';
import { query, rows, transaction } from '@switchyard/database';
import { DataSource, type EntityManager } from 'typeorm';

type Put = RequestOf<typeof PutVaultPart>;
export type NewPart = Omit<Put, 'bytes'> & { readonly sealed: Buffer };
export type PutState = 'partial' | 'kept' | 'refused';

export interface FoundPart {
  readonly entryId: string;
  readonly parts: number;
  readonly sealed: Buffer;
}

export interface Place {
  readonly accountId: string;
  readonly kind: VaultKind;
  readonly address: string;
}

const address = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** The account is part of every statement: no id finds what is another's. */
@Injectable()
export class EntriesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await query(this.dataSource, { idempotent: false }, 'SELECT 1');
  }

  /** Adds a part; the last one completes the entry and takes the place of what was at its address. */
  put(part: NewPart, accountBytes: number): Promise<PutState> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      // One writer of an account at a time, or each would see the room that the other is about to take.
      await rows(manager, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`vault:${part.accountId}`]);
      const [entry] = await rows<{ complete: boolean }>(
        manager,
        `INSERT INTO entry (id, account_id, key_id, kind, address, parts, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
         ON CONFLICT (id) DO UPDATE SET parts = entry.parts WHERE entry.account_id = excluded.account_id
         RETURNING complete`,
        [part.entryId, part.accountId, part.keyId, part.kind, address(part.address), part.parts, part.ttlSeconds],
      );
      if (!entry) return 'refused';
      if (entry.complete) return 'kept';
      await rows(
        manager,
        `WITH added AS (INSERT INTO part (entry_id, number, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1)
         UPDATE entry SET bytes = bytes + $4 WHERE id = $1 AND EXISTS (SELECT FROM added)`,
        [part.entryId, part.number, part.sealed, part.sealed.byteLength],
      );
      if (!(await makeRoom(manager, part, accountBytes))) return 'refused';
      return (await complete(manager, part)) ? 'kept' : 'partial';
    });
  }

  /** Null when nothing is there any more, or when it is over. */
  async find(place: Place, entryId: string | null, number: number): Promise<FoundPart | null> {
    const [found] = await query<{ id: string; parts: number; sealed: Buffer }>(
      this.dataSource,
      { idempotent: true },
      `SELECT entry.id, entry.parts, part.sealed FROM entry JOIN part ON part.entry_id = entry.id AND part.number = $4
        WHERE entry.account_id = $1 AND entry.kind = $2 AND entry.address = $3 AND entry.complete
          AND entry.expires_at > now() AND ($5::uuid IS NULL OR entry.id = $5)`,
      [place.accountId, place.kind, address(place.address), number, entryId],
    );
    return found ? { entryId: found.id, parts: found.parts, sealed: found.sealed } : null;
  }

  /** How many entries are gone now that could be read before. */
  async erase(request: RequestOf<typeof EraseVault>): Promise<number> {
    const gone = await query<{ readable: boolean }>(
      this.dataSource,
      { idempotent: true },
      `DELETE FROM entry WHERE account_id = $1 AND ($2::text IS NULL OR kind = $2)
          AND ($3::bytea IS NULL OR address = $3) AND ($4::uuid IS NULL OR key_id = $4)
       RETURNING complete AND expires_at > now() AS readable`,
      [request.accountId, request.kind, request.address === null ? null : address(request.address), request.keyId],
    );
    return gone.filter(({ readable }) => readable).length;
  }

  async roomOf(accountId: string): Promise<{ kind: VaultKind; entries: number; bytes: number }[]> {
    const found = await query<{ kind: VaultKind; entries: string; bytes: string }>(
      this.dataSource,
      { idempotent: true },
      `SELECT kind, count(*) AS entries, sum(bytes) AS bytes FROM entry
        WHERE account_id = $1 AND complete AND expires_at > now() GROUP BY kind ORDER BY kind`,
      [accountId],
    );
    return found.map(({ kind, entries, bytes }) => ({ kind, entries: Number(entries), bytes: Number(bytes) }));
  }

  /** Removes up to `limit` entries that are over or were never finished. @returns how many there were */
  async sweep(limit: number, unfinishedMs: number): Promise<number> {
    const gone = await query<{ id: string }>(
      this.dataSource,
      { idempotent: true },
      `DELETE FROM entry WHERE id IN (
         (SELECT id FROM entry WHERE expires_at <= now() ORDER BY expires_at LIMIT $1)
         UNION ALL
         (SELECT id FROM entry WHERE NOT complete AND created_at < now() - make_interval(secs => $2) LIMIT $1)
       ) RETURNING id`,
      [limit, unfinishedMs / 1_000],
    );
    return gone.length;
  }
}

/**
 * Erases what is oldest until the account keeps its limit: cached answers first, because those can be had again. False when not even an
 * empty account would have room for the entry, which is given up then.
 */
async function makeRoom(manager: EntityManager, part: NewPart, accountBytes: number): Promise<boolean> {
  const [{ used, own } = { used: '0', own: '0' }] = await rows<{ used: string; own: string }>(
    manager,
    `SELECT coalesce(sum(bytes), 0) AS used, coalesce(sum(bytes) FILTER (WHERE id = $2), 0) AS own
       FROM entry WHERE account_id = $1`,
    [part.accountId, part.entryId],
  );
  if (BigInt(own) > BigInt(accountBytes)) {
    await rows(manager, 'DELETE FROM entry WHERE id = $1', [part.entryId]);
    return false;
  }
  const tooMuch = BigInt(used) - BigInt(accountBytes);
  if (tooMuch <= 0n) return true;
  await rows(
    manager,
    `DELETE FROM entry WHERE id IN (
       SELECT id FROM (
         SELECT id, bytes, sum(bytes) OVER (ORDER BY kind = 'response', created_at, id) AS until_here
           FROM entry WHERE account_id = $1 AND id <> $2 AND bytes > 0
       ) AS oldest WHERE until_here - bytes < $3::numeric
     )`,
    [part.accountId, part.entryId, tooMuch],
  );
  return true;
}

async function complete(manager: EntityManager, part: NewPart): Promise<boolean> {
  const [{ there } = { there: '0' }] = await rows<{ there: string }>(
    manager,
    'SELECT count(*) AS there FROM part WHERE entry_id = $1',
    [part.entryId],
  );
  if (Number(there) < part.parts) return false;
  await rows(
    manager,
    'DELETE FROM entry WHERE account_id = $1 AND kind = $2 AND address = $3 AND complete AND id <> $4',
    [part.accountId, part.kind, address(part.address), part.entryId],
  );
  await rows(manager, 'UPDATE entry SET complete = true WHERE id = $1', [part.entryId]);
  return true;
}
