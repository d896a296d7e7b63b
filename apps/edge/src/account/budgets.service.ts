import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  DeleteBudget,
  GatewayError,
  GetBudgetSpend,
  GetWorkspace,
  ListBudgets,
  ListWorkspaces,
  SetBudget,
  UpdateWorkspace,
} from '@switchyard/contracts';
import type { Budget, BudgetInterval, BudgetOwner, ReplyOf, Workspace } from '@switchyard/contracts';
import type { Caller } from '../callers/caller.js';
import type { z } from 'zod';
import type { BudgetWithSpend } from './budget-view.js';
import { changedRouting } from './routing-body.js';
import type { UpdateWorkspaceBody } from './routing-body.js';

interface Page {
  readonly offset: number;
  readonly limit: number;
}

export interface ListedBudgets {
  readonly budgets: readonly BudgetWithSpend[];
  readonly totalCount: number;
  readonly includeByok: boolean;
}

/** Workspaces and budgets of the caller's account. Auth keeps them, the ledger knows what was spent. */
@Injectable()
export class BudgetsService {
  constructor(private readonly rpc: RpcClient) {}

  workspaces({ key }: Caller, page: Page): Promise<ReplyOf<typeof ListWorkspaces>> {
    return this.rpc.call(ListWorkspaces, { accountId: key.accountId, ...page });
  }

  async workspace({ key }: Caller, idOrSlug: string): Promise<Workspace> {
    const { workspace } = await this.rpc.call(GetWorkspace, { accountId: key.accountId, workspace: nameOf(idOrSlug) });
    return workspace;
  }

  /** Settles what the requests of a workspace are routed under. */
  async updateWorkspace(
    caller: Caller,
    idOrSlug: string,
    body: z.output<typeof UpdateWorkspaceBody>,
  ): Promise<Workspace> {
    const found = await this.workspace(caller, idOrSlug);
    const routing = changedRouting(found, body);
    if (routing === undefined) return found;
    const { accountId } = caller.key;
    const { workspace } = await this.rpc.call(UpdateWorkspace, {
      accountId,
      workspace: found.id,
      changes: { routing },
    });
    return workspace;
  }

  async list({ key }: Caller, owner: BudgetOwner | null, page: Page = ALL): Promise<ListedBudgets> {
    const { accountId } = key;
    const { budgets, ...listed } = await this.rpc.call(ListBudgets, { accountId, owner, ...page });
    return { ...listed, budgets: await this.withSpend(budgets) };
  }

  /** @throws GatewayError `not_found` when the owner has no budget of this interval */
  async find(
    caller: Caller,
    owner: BudgetOwner,
    interval: BudgetInterval,
  ): Promise<BudgetWithSpend & { includeByok: boolean }> {
    const { budgets, includeByok } = await this.list(caller, owner);
    const found = budgets.find(({ budget }) => budget.interval === interval);
    if (!found) throw new GatewayError('not_found', { message: 'There is no budget of this interval.' });
    return { ...found, includeByok };
  }

  async set(
    { key }: Caller,
    owner: BudgetOwner,
    {
      interval,
      capNanos,
      includeByok,
    }: { interval: BudgetInterval; capNanos: bigint; includeByok?: boolean | undefined },
  ): Promise<BudgetWithSpend & { includeByok: boolean }> {
    const set = await this.rpc.call(SetBudget, {
      accountId: key.accountId,
      owner,
      interval,
      capNanos,
      ...(includeByok !== undefined && { includeByok }),
    });
    const [withSpend] = await this.withSpend([set.budget]);
    return { ...withSpend!, includeByok: set.includeByok };
  }

  async delete({ key }: Caller, owner: BudgetOwner, interval: BudgetInterval): Promise<void> {
    await this.rpc.call(DeleteBudget, { accountId: key.accountId, owner, interval });
  }

  private async withSpend(budgets: readonly Budget[]): Promise<BudgetWithSpend[]> {
    if (budgets.length === 0) return [];
    const asked = budgets.map(({ scopeId, interval }) => ({ scopeId, interval }));
    const { spend } = await this.rpc.call(GetBudgetSpend, { budgets: asked });
    return budgets.flatMap((budget, place) => (spend[place] ? [{ budget, spend: spend[place] }] : []));
  }
}

/** One owner has four budgets at most. */
const ALL: Page = { offset: 0, limit: 100 };
const MAX_WORKSPACE_NAME = 200;

/** The owner of a workspace's budgets, from the part of an address. @throws GatewayError `not_found` for what cannot be a workspace */
export const workspaceOwner = (idOrSlug: string): BudgetOwner => ({ kind: 'workspace', workspace: nameOf(idOrSlug) });

function nameOf(idOrSlug: string): string {
  if (idOrSlug.length > 0 && idOrSlug.length <= MAX_WORKSPACE_NAME && !idOrSlug.includes('\0')) return idOrSlug;
  throw new GatewayError('not_found', { message: 'The workspace does not exist.' });
}
