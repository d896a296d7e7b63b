import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import type { BudgetOwner } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { BudgetBody, BudgetIntervalName, BudgetListQuery, BudgetQuery } from './budget-bodies.js';
import { budgetView } from './budget-view.js';
import { BudgetsService } from './budgets.service.js';
import { parseInput } from './key-bodies.js';

/** Budgets of the account and of its users; the list has those of its workspaces as well. */
@Controller(apiPaths('budgets'))
export class BudgetsController {
  constructor(private readonly budgets: BudgetsService) {}

  @Get()
  @Access('management')
  async list(@CurrentCaller() caller: Caller, @Query() query: unknown) {
    const { creator_user_id: userId, ...page } = parseInput(BudgetListQuery, query);
    const owner = userId === undefined ? null : ownerOf(userId);
    const { budgets, totalCount } = await this.budgets.list(caller, owner, page);
    return { data: budgets.map(budgetView), total_count: totalCount };
  }

  @Put(':interval')
  @Access('management')
  async set(@CurrentCaller() caller: Caller, @Param('interval') intervalName: string, @Body() body: unknown) {
    const interval = parseInput(BudgetIntervalName, intervalName);
    const { limit_usd: capNanos, creator_user_id: userId } = parseInput(BudgetBody, body);
    return { data: budgetView(await this.budgets.set(caller, ownerOf(userId), { interval, capNanos })) };
  }

  @Delete(':interval')
  @Access('management')
  async delete(@CurrentCaller() caller: Caller, @Param('interval') intervalName: string, @Query() query: unknown) {
    const interval = parseInput(BudgetIntervalName, intervalName);
    await this.budgets.delete(caller, ownerOf(parseInput(BudgetQuery, query).creator_user_id), interval);
    return { deleted: true };
  }
}

const ownerOf = (userId: string | null | undefined): BudgetOwner =>
  userId === null || userId === undefined ? { kind: 'account' } : { kind: 'user', userId };
