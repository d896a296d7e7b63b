import { Inject, Injectable } from '@nestjs/common';
import {
  GatewayError,
  MAX_TRANSFER_NANOS,
  type CloseLease,
  type FenceEdge,
  type GrantLease,
  type ReplyOf,
  type RequestOf,
  type ReturnCredit,
  type TopUpLease,
} from '@switchyard/contracts';
import { LendingGate } from '../audit/lending-gate.js';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { GrantBatches } from './grant-batches.js';
import { LeasesRepository } from './leases.repository.js';
import type { Loan } from './loan.js';
import { RecallsRepository } from './recalls.repository.js';
import { Recalls } from './recalls.service.js';

/** A recall that others began may have been answered before the money was where it is now; one after it tells the truth. */
const MAX_RECALLS = 3;
/** What the workers need to notice the death of an edge (three missed heartbeats) and to tell the usage of what ran for it. */
const WORKERS_NOTICE_MS = 8_000;

@Injectable()
export class LeasesService {
  private readonly grants: GrantBatches;

  constructor(
    private readonly leases: LeasesRepository,
    private readonly recalled: RecallsRepository,
    private readonly recalls: Recalls,
    private readonly gate: LendingGate,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {
    const { leaseTtlMs, leaseMinNanos } = options;
    this.grants = new GrantBatches((requests) => leases.grantMany(requests, leaseTtlMs, leaseMinNanos));
  }

  async grant(request: RequestOf<typeof GrantLease>): Promise<ReplyOf<typeof GrantLease>> {
    this.gate.assertOpen();
    const asked = { ...request, ...lendable(request) };
    return this.lend(() => this.grants.grant(asked));
  }

  async topUp(request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease>> {
    // Renewing without money is no new loan.
    if (request.wantNanos > 0n || request.minNanos > 0n) this.gate.assertOpen();
    const asked = { ...request, ...lendable(request) };
    return this.lend(async () => {
      const loan = await this.leases.topUp(asked, this.options.leaseMinNanos);
      if (!loan) throw new GatewayError('not_found', { message: 'The lease is closed or unknown. Ask for a new one.' });
      return loan;
    });
  }

  async close(request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease>> {
    const reply = await this.leases.close(request);
    if (!reply) throw new GatewayError('not_found', { message: 'The lease is unknown.' });
    return reply;
  }

  async return(request: RequestOf<typeof ReturnCredit>): Promise<ReplyOf<typeof ReturnCredit>> {
    if (request.leases.length > 0) await this.recalled.return(request);
    if (request.recallId !== null) this.recalls.answered(request.recallId, request.edgeId);
    return {};
  }

  async fence(request: RequestOf<typeof FenceEdge>): Promise<ReplyOf<typeof FenceEdge>> {
    return { fencedLeases: await this.recalled.fence(request, this.options.leaseGraceMs, WORKERS_NOTICE_MS) };
  }

  /** Asks again after a recall when what is missing lies unused in other leases. A question that need not be answered at once waits for nobody. */
  private async lend(ask: () => Promise<Loan>): Promise<ReplyOf<typeof GrantLease>> {
    let loan = await ask();
    for (let recalls = 0; recalls < MAX_RECALLS && loan.outcome === 'refused' && loan.recall; recalls += 1) {
      const part = await this.recalls.recall(loan.recall);
      loan = await ask();
      if (part === 'begun') break;
    }
    return loan;
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
