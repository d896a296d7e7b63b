import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { ClaimIdempotency, ReleaseIdempotency, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { IdempotencyService } from './idempotency.service.js';

@Controller()
export class IdempotencyController {
  constructor(private readonly keys: IdempotencyService) {}

  @Serves(ClaimIdempotency)
  claim(
    @Request(ClaimIdempotency) request: RequestOf<typeof ClaimIdempotency>,
  ): Promise<ReplyOf<typeof ClaimIdempotency>> {
    return this.keys.claim(request);
  }

  @Serves(ReleaseIdempotency)
  release(
    @Request(ReleaseIdempotency) request: RequestOf<typeof ReleaseIdempotency>,
  ): Promise<ReplyOf<typeof ReleaseIdempotency>> {
    return this.keys.release(request);
  }
}
