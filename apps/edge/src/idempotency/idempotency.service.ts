import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { ClaimIdempotency, GatewayError, ReleaseIdempotency } from '@switchyard/contracts';
import type { ReplyOf } from '@switchyard/contracts';
import type { Claim } from './claim.js';
import { claimRefused } from './claim-refused.js';

/** A key that could not be given back is given back later; after the last of these it stays taken for its 24 hours. */
const RELEASE_PAUSES_MS = [1_000, 5_000, 30_000] as const;
const RETRY_AFTER_MS = 1_000;

/** Serves a request that its client named at most once, over all edges. */
@Injectable()
export class Idempotency {
  private readonly logger = new Logger(Idempotency.name);

  constructor(private readonly rpc: RpcClient) {}

  /**
   * Does the work if the claim is granted, and gives the key back afterwards unless the work kept it. Without a claim nobody is asked.
   * @throws GatewayError `idempotency_key_in_use`, `idempotency_key_done`, `idempotency_key_mismatch`; `service_unavailable` when the
   * ledger cannot be asked: then the work is not done, because it might have been done before.
   */
  async once(claim: Claim | null, work: () => Promise<void>): Promise<void> {
    if (!claim) return work();
    const { state, generationId } = await this.claim(claim);
    if (state !== 'claimed') throw claimRefused(state, generationId);
    try {
      await work();
    } finally {
      if (!claim.kept) await this.giveBack(claim);
    }
  }

  private async claim({ keyId, key, fingerprint, generationId }: Claim): Promise<ReplyOf<typeof ClaimIdempotency>> {
    try {
      return await this.rpc.call(ClaimIdempotency, { keyId, key, fingerprint, generationId });
    } catch (error) {
      // The ledger may have granted it all the same, or may do so yet.
      void this.giveBackLater({ keyId, key, generationId }, { granted: false });
      throw new GatewayError('service_unavailable', { cause: error, retryAfterMs: RETRY_AFTER_MS });
    }
  }

  /** Before the client hears of the failure: it may try again at once. */
  private async giveBack({ keyId, key, generationId }: Claim): Promise<void> {
    const release = { keyId, key, generationId };
    try {
      await this.rpc.call(ReleaseIdempotency, release);
    } catch {
      void this.giveBackLater(release, { granted: true });
    }
  }

  private async giveBackLater(
    release: Pick<Claim, 'keyId' | 'key' | 'generationId'>,
    { granted }: { readonly granted: boolean },
  ): Promise<void> {
    for (const pauseMs of RELEASE_PAUSES_MS) {
      await sleep(pauseMs, undefined, { ref: false });
      try {
        const { released } = await this.rpc.call(ReleaseIdempotency, release);
        if (released || granted) return;
      } catch {
        // The ledger is still away.
      }
    }
    if (granted) this.logger.warn(`the idempotency key of ${release.generationId} could not be given back`);
  }
}
