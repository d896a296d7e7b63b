import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { ClaimIdempotency, GatewayError, ReleaseIdempotency } from '@switchyard/contracts';
import type { ReplyOf, RequestOf } from '@switchyard/contracts';
import { SmallLedger } from './small-ledger.js';

/** Serves the ledger's contracts of idempotency keys from memory. Done is what a small ledger has a usage of. */
@Controller()
export class SmallIdempotency {
  ledger: SmallLedger | null = null;
  claims = 0;
  away = false;
  private readonly keys = new Map<string, RequestOf<typeof ClaimIdempotency>>();

  @Serves(ClaimIdempotency)
  claim(@Request(ClaimIdempotency) request: RequestOf<typeof ClaimIdempotency>): ReplyOf<typeof ClaimIdempotency> {
    this.assertThere();
    this.claims += 1;
    const first = this.keys.get(nameOf(request)) ?? request;
    this.keys.set(nameOf(request), first);
    const { generationId } = first;
    if (first.fingerprint !== request.fingerprint) return { state: 'mismatch', generationId };
    if (generationId === request.generationId) return { state: 'claimed', generationId };
    return { state: this.ledger?.usage.has(generationId) ? 'done' : 'in_flight', generationId };
  }

  @Serves(ReleaseIdempotency)
  release(
    @Request(ReleaseIdempotency) request: RequestOf<typeof ReleaseIdempotency>,
  ): ReplyOf<typeof ReleaseIdempotency> {
    this.assertThere();
    const released = this.keys.get(nameOf(request))?.generationId === request.generationId;
    if (released) this.keys.delete(nameOf(request));
    return { released };
  }

  private assertThere(): void {
    if (this.away) throw new GatewayError('internal');
  }
}

const nameOf = ({ keyId, key }: { readonly keyId: string; readonly key: string }): string => `${keyId} ${key}`;
