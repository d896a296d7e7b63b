import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  CreateDeposit,
  CreateRefund,
  GrantPromo,
  ListDeposits,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { DepositsService } from './deposits.service.js';
import { PromosService } from './promos.service.js';
import { RefundsService } from './refunds.service.js';

@Controller()
export class DepositsController {
  constructor(
    private readonly deposits: DepositsService,
    private readonly promos: PromosService,
    private readonly refunds: RefundsService,
  ) {}

  @Serves(CreateDeposit)
  create(@Request(CreateDeposit) request: RequestOf<typeof CreateDeposit>): Promise<ReplyOf<typeof CreateDeposit>> {
    return this.deposits.create(request);
  }

  @Serves(ListDeposits)
  list(@Request(ListDeposits) request: RequestOf<typeof ListDeposits>): Promise<ReplyOf<typeof ListDeposits>> {
    return this.deposits.list(request);
  }

  @Serves(GrantPromo)
  grant(@Request(GrantPromo) request: RequestOf<typeof GrantPromo>): Promise<ReplyOf<typeof GrantPromo>> {
    return this.promos.grant(request);
  }

  @Serves(CreateRefund)
  refund(@Request(CreateRefund) request: RequestOf<typeof CreateRefund>): Promise<ReplyOf<typeof CreateRefund>> {
    return this.refunds.create(request);
  }
}
