import { Inject, Injectable } from '@nestjs/common';
import {
  GatewayError,
  MAX_TRANSFER_NANOS,
  type CloseLease,
  type GrantLease,
  type ReplyOf,
  type RequestOf,
  type TopUpLease,
} from '@switchyard/contracts';
import { LendingGate } from '../audit/lending-gate.js';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { LeasesRepository } from './leases.repository.js';

@Injectable()
export class LeasesService {
  constructor(
    private readonly leases: LeasesRepository,
    private readonly gate: LendingGate,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {}

  async grant(request: RequestOf<typeof GrantLease>): Promise<ReplyOf<typeof GrantLease>> {
    this.gate.assertOpen();
    return this.leases.grant({ ...request, ...lendable(request) }, this.options.leaseTtlMs);
  }

  async topUp(request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease>> {
    // Renewing without money is no new loan.
    if (request.wantNanos > 0n || request.minNanos > 0n) this.gate.assertOpen();
    const reply = await this.leases.topUp({ ...request, ...lendable(request) });
    if (!reply) throw new GatewayError('not_found', { message: 'The lease is closed or unknown. Ask for a new one.' });
    return reply;
  }

  async close(request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease>> {
    const reply = await this.leases.close(request);
    if (!reply) throw new GatewayError('not_found', { message: 'The lease is unknown.' });
    return reply;
  }
}

/** What one transfer can carry. */
function lendable(request: { wantNanos: bigint; minNanos: bigint }): { wantNanos: bigint; minNanos: bigint } {
  if (request.minNanos > MAX_TRANSFER_NANOS)
    throw new GatewayError('invalid_request', {
      message: 'No transfer carries as much as the least that is asked for.',
    });
  return {
    minNanos: request.minNanos,
    wantNanos: request.wantNanos > MAX_TRANSFER_NANOS ? MAX_TRANSFER_NANOS : request.wantNanos,
  };
}
