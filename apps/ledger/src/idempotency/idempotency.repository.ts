import { Injectable } from '@nestjs/common';
import type { ClaimIdempotency, IdempotencyState, ReleaseIdempotency, ReplyOf, RequestOf } from '@switchyard/contracts';
import { LedgerRepository } from '../database/ledger.repository.js';

@Injectable()
export class IdempotencyRepository {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Whose the key is after the claim. */
  async claim(claim: RequestOf<typeof ClaimIdempotency>): Promise<ReplyOf<typeof ClaimIdempotency>> {
    const row = await this.ledger.one<{ state: IdempotencyState; generation_id: string }>(
      'SELECT * FROM claim_idempotency($1, $2, $3, $4)',
      [claim.keyId, claim.key, claim.fingerprint, claim.generationId],
    );
    return { state: row.state, generationId: row.generation_id };
  }

  /** False when the key is another generation's, nobody's, or of one that used something. */
  async release({ keyId, key, generationId }: RequestOf<typeof ReleaseIdempotency>): Promise<boolean> {
    const { released } = await this.ledger.one<{ released: boolean }>(
      'SELECT release_idempotency($1, $2, $3) AS released',
      [keyId, key, generationId],
    );
    return released;
  }

  /** Deletes at most so many keys that are over. Answers how many there were. */
  async forget(limit: number): Promise<number> {
    const { forgotten } = await this.ledger.one<{ forgotten: string }>('SELECT forget_idempotency($1) AS forgotten', [
      limit,
    ]);
    return Number(forgotten);
  }
}
