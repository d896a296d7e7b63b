import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { CreateDeposit, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { DepositsService } from './deposits.service.js';

@Controller()
export class DepositsController {
  constructor(private readonly deposits: DepositsService) {}

  @Serves(CreateDeposit)
  create(@Request(CreateDeposit) request: RequestOf<typeof CreateDeposit>): Promise<ReplyOf<typeof CreateDeposit>> {
    return this.deposits.create(request);
  }
}
