import { Injectable } from '@nestjs/common';
import type { ClaimIdempotency, ReleaseIdempotency, ReplyOf, RequestOf } from '@switchyard/contracts';
import { IdempotencyRepository } from './idempotency.repository.js';

@Injectable()
export class IdempotencyService {
  constructor(private readonly keys: IdempotencyRepository) {}

  claim(request: RequestOf<typeof ClaimIdempotency>): Promise<ReplyOf<typeof ClaimIdempotency>> {
    return this.keys.claim(request);
  }

  async release(request: RequestOf<typeof ReleaseIdempotency>): Promise<ReplyOf<typeof ReleaseIdempotency>> {
    return { released: await this.keys.release(request) };
  }
}
