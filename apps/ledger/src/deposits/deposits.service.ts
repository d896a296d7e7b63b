import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  MAX_TRANSFER_NANOS,
  type CreateDeposit,
  type ListDeposits,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { DepositsRepository } from './deposits.repository.js';

/** Names under which only the ledger itself books: nobody may use up the id of a payment before it arrives. */
const RESERVED_SOURCES: ReadonlySet<string> = new Set(['stripe', 'promo']);

@Injectable()
export class DepositsService {
  constructor(private readonly deposits: DepositsRepository) {}

  async create(request: RequestOf<typeof CreateDeposit>): Promise<ReplyOf<typeof CreateDeposit>> {
    if (request.amountNanos <= 0n || request.amountNanos > MAX_TRANSFER_NANOS)
      throw new GatewayError('invalid_request', {
        message: 'A deposit is more than nothing and at most 10^18 nano-USD.',
      });
    if (RESERVED_SOURCES.has(request.source))
      throw new GatewayError('invalid_request', { message: `The source ${request.source} is reserved.` });
    return this.deposits.create(request);
  }

  list(request: RequestOf<typeof ListDeposits>): Promise<ReplyOf<typeof ListDeposits>> {
    return this.deposits.list(request);
  }
}
