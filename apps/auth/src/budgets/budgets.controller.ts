import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { DeleteBudget, ListBudgets, SetBudget, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { BudgetsService } from './budgets.service.js';

@Controller()
export class BudgetsController {
  constructor(private readonly budgets: BudgetsService) {}

  @Serves(SetBudget)
  set(@Request(SetBudget) request: RequestOf<typeof SetBudget>): Promise<ReplyOf<typeof SetBudget>> {
    return this.budgets.set(request);
  }

  @Serves(ListBudgets)
  list(@Request(ListBudgets) request: RequestOf<typeof ListBudgets>): Promise<ReplyOf<typeof ListBudgets>> {
    return this.budgets.list(request);
  }

  @Serves(DeleteBudget)
  delete(@Request(DeleteBudget) request: RequestOf<typeof DeleteBudget>): Promise<ReplyOf<typeof DeleteBudget>> {
    return this.budgets.delete(request);
  }
}
