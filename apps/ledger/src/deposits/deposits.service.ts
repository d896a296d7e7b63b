import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  MAX_TRANSFER_NANOS,
  type CreateDeposit,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { DepositsRepository } from './deposits.repository.js';

@Injectable()
export class DepositsService {
  constructor(private readonly deposits: DepositsRepository) {}

  async create(request: RequestOf<typeof CreateDeposit>): Promise<ReplyOf<typeof CreateDeposit>> {
    if (request.amountNanos <= 0n || request.amountNanos > MAX_TRANSFER_NANOS)
      throw new GatewayError('invalid_request', {
        message: 'A deposit is more than nothing and at most 10^18 nano-USD.',
      });
    return this.deposits.create(request);
  }
}
