import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { CloseLease, GrantLease, TopUpLease, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { LeasesService } from './leases.service.js';

@Controller()
export class LeasesController {
  constructor(private readonly leases: LeasesService) {}

  @Serves(GrantLease)
  grant(@Request(GrantLease) request: RequestOf<typeof GrantLease>): Promise<ReplyOf<typeof GrantLease>> {
    return this.leases.grant(request);
  }

  @Serves(TopUpLease)
  topUp(@Request(TopUpLease) request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease>> {
    return this.leases.topUp(request);
  }

  @Serves(CloseLease)
  close(@Request(CloseLease) request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease>> {
    return this.leases.close(request);
  }
}
