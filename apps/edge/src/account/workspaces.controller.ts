import { Body, Controller, Delete, Get, Param, Patch, Put, Query } from '@nestjs/common';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { BudgetIntervalName, PageQuery, WorkspaceBudgetBody } from './budget-bodies.js';
import { workspaceBudgetView, workspaceView } from './budget-view.js';
import { BudgetsService, workspaceOwner } from './budgets.service.js';
import { parseInput } from './key-bodies.js';
import { UpdateWorkspaceBody } from './routing-body.js';

/** Workspaces and their budgets, in the shapes of OpenRouter. `:id` is an id or a slug. */
@Controller(apiPaths('workspaces'))
export class WorkspacesController {
  constructor(private readonly budgets: BudgetsService) {}

  @Get()
  @Access('management')
  async list(@CurrentCaller() caller: Caller, @Query() query: unknown) {
    const { workspaces, totalCount } = await this.budgets.workspaces(caller, parseInput(PageQuery, query));
    return { data: workspaces.map(workspaceView), total_count: totalCount };
  }

  @Get(':id')
  @Access('management')
  async find(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return { data: workspaceView(await this.budgets.workspace(caller, id)) };
  }

  @Patch(':id')
  @Access('management')
  async update(@CurrentCaller() caller: Caller, @Param('id') id: string, @Body() body: unknown) {
    return {
      data: workspaceView(await this.budgets.updateWorkspace(caller, id, parseInput(UpdateWorkspaceBody, body))),
    };
  }

  @Get(':id/budgets')
  @Access('management')
  async listBudgets(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    const { budgets, includeByok } = await this.budgets.list(caller, workspaceOwner(id));
    return { data: budgets.map(workspaceBudgetView), include_byok_in_budgets: includeByok };
  }

  @Get(':id/budgets/:interval')
  @Access('management')
  async findBudget(@CurrentCaller() caller: Caller, @Param('id') id: string, @Param('interval') interval: string) {
    const found = await this.budgets.find(caller, workspaceOwner(id), parseInput(BudgetIntervalName, interval));
    return { data: workspaceBudgetView(found), include_byok_in_budgets: found.includeByok };
  }

  @Put(':id/budgets/:interval')
  @Access('management')
  async setBudget(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('interval') intervalName: string,
    @Body() body: unknown,
  ) {
    const interval = parseInput(BudgetIntervalName, intervalName);
    const { limit_usd: capNanos, include_byok_in_budgets: includeByok } = parseInput(WorkspaceBudgetBody, body);
    const set = await this.budgets.set(caller, workspaceOwner(id), { interval, capNanos, includeByok });
    return { data: workspaceBudgetView(set), include_byok_in_budgets: set.includeByok };
  }

  @Delete(':id/budgets/:interval')
  @Access('management')
  async deleteBudget(@CurrentCaller() caller: Caller, @Param('id') id: string, @Param('interval') interval: string) {
    await this.budgets.delete(caller, workspaceOwner(id), parseInput(BudgetIntervalName, interval));
    return { deleted: true };
  }
}
