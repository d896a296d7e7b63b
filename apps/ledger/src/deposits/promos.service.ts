import { Injectable } from '@nestjs/common';
import { GatewayError, MAX_TRANSFER_NANOS, type GrantPromo, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { PromosRepository } from './promos.repository.js';

@Injectable()
export class PromosService {
  constructor(private readonly promos: PromosRepository) {}

  async grant(request: RequestOf<typeof GrantPromo>): Promise<ReplyOf<typeof GrantPromo>> {
    if (request.amountNanos <= 0n || request.amountNanos > MAX_TRANSFER_NANOS)
      throw new GatewayError('invalid_request', { message: 'A gift is more than nothing and at most 10^18 nano-USD.' });
    return this.promos.grant(request);
  }
}
