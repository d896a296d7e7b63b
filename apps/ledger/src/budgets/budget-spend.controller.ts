import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetBudgetSpend, OpenBudget, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { BudgetSpendService } from './budget-spend.service.js';

@Controller()
export class BudgetSpendController {
  constructor(private readonly spend: BudgetSpendService) {}

  @Serves(GetBudgetSpend)
  spendOf(@Request(GetBudgetSpend) request: RequestOf<typeof GetBudgetSpend>): Promise<ReplyOf<typeof GetBudgetSpend>> {
    return this.spend.spendOf(request.budgets);
  }

  @Serves(OpenBudget)
  open(@Request(OpenBudget) request: RequestOf<typeof OpenBudget>): Promise<ReplyOf<typeof OpenBudget>> {
    return this.spend.open(request);
  }
}
