import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  CloseLease,
  FenceEdge,
  GrantLease,
  ReturnCredit,
  TopUpLease,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
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

  @Serves(ReturnCredit)
  return(@Request(ReturnCredit) request: RequestOf<typeof ReturnCredit>): Promise<ReplyOf<typeof ReturnCredit>> {
    return this.leases.return(request);
  }

  @Serves(FenceEdge)
  fence(@Request(FenceEdge) request: RequestOf<typeof FenceEdge>): Promise<ReplyOf<typeof FenceEdge>> {
    return this.leases.fence(request);
  }
}
