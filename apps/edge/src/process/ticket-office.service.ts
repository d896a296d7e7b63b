import { Injectable } from '@nestjs/common';
import { AdmissionTickets } from '@switchyard/contracts';
import type { CatalogueEndpoint, OwnKeyFee } from '@switchyard/contracts';
import { EdgeConfig } from '../config.js';
import type { Lease } from '../credit/lease.js';
import { EdgeProcess } from './edge-process.js';

/** What is vouched for: a generation with the bound that is set aside for it, on one endpoint at its price. */
export interface Admitted {
  readonly generation: {
    readonly id: string;
    readonly hold: { readonly boundNanos: bigint };
    readonly admittedAtMs: number;
  };
  readonly endpoint: Pick<CatalogueEndpoint, 'id' | 'price'>;
  readonly lease: Lease;
  readonly ownKey: OwnKeyFee | null;
}

/** Vouches to the ledger for what this edge admitted; without its ticket no usage is charged. */
@Injectable()
export class TicketOffice {
  private readonly tickets: AdmissionTickets;

  constructor(
    config: EdgeConfig,
    private readonly edge: EdgeProcess,
  ) {
    this.tickets = new AdmissionTickets(config.TICKET_SECRET);
  }

  /** The ticket of one attempt: endpoint and price differ from attempt to attempt, and so do their tickets. */
  issue({ generation, endpoint, lease, ownKey }: Admitted): string {
    const { leaseId, accountId, keyId } = lease.identity;
    return this.tickets.issue({
      generationId: generation.id,
      leaseId,
      accountId,
      keyId,
      edgeEpoch: this.edge.edgeEpoch,
      endpointId: endpoint.id,
      boundNanos: generation.hold.boundNanos,
      admittedAtMs: generation.admittedAtMs,
      price: endpoint.price,
      ownKey,
    });
  }
}
