import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetBudgetSpend, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { BudgetSpendService } from './budget-spend.service.js';

@Controller()
export class BudgetSpendController {
  constructor(private readonly spend: BudgetSpendService) {}

  @Serves(GetBudgetSpend)
  spendOf(@Request(GetBudgetSpend) request: RequestOf<typeof GetBudgetSpend>): Promise<ReplyOf<typeof GetBudgetSpend>> {
    return this.spend.spendOf(request.budgets);
  }
}
