import { Injectable } from '@nestjs/common';
import type { GetBudgetSpend, OpenBudget, ReplyOf, RequestOf } from '@switchyard/contracts';
import { BudgetSpendRepository } from './budget-spend.repository.js';

@Injectable()
export class BudgetSpendService {
  constructor(private readonly spend: BudgetSpendRepository) {}

  async spendOf(budgets: RequestOf<typeof GetBudgetSpend>['budgets']): Promise<ReplyOf<typeof GetBudgetSpend>> {
    return { spend: await this.spend.spendOf(budgets) };
  }

  async open(budget: RequestOf<typeof OpenBudget>): Promise<ReplyOf<typeof OpenBudget>> {
    return { spentNanos: await this.spend.open(budget) };
  }
}
