import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  DeleteBudget,
  GatewayError,
  GetWorkspace,
  ListBudgets,
  ListWorkspaces,
  SetBudget,
} from '@switchyard/contracts';
import type { Budget, BudgetOwner, ReplyOf, RequestOf, Workspace } from '@switchyard/contracts';

const AT = '2026-11-01T00:00:00.000Z';

/** Serves auth's contracts of workspaces and budgets from memory: every account has one workspace. */
@Controller()
export class SmallBudgets {
  private readonly workspaces = new Map<string, Workspace>();
  private readonly budgets = new Map<string, Budget>();

  workspaceOf(accountId: string): Workspace {
    const workspace = this.workspaces.get(accountId) ?? {
      id: randomUUID(),
      accountId,
      name: 'Default',
      slug: 'default',
      isDefault: true,
      includeByokInBudgets: false,
      createdAt: AT,
      updatedAt: null,
    };
    this.workspaces.set(accountId, workspace);
    return workspace;
  }

  @Serves(ListWorkspaces)
  list(@Request(ListWorkspaces) { accountId }: RequestOf<typeof ListWorkspaces>): ReplyOf<typeof ListWorkspaces> {
    return { workspaces: [this.workspaceOf(accountId)], totalCount: 1 };
  }

  @Serves(GetWorkspace)
  get(@Request(GetWorkspace) { accountId, workspace }: RequestOf<typeof GetWorkspace>): ReplyOf<typeof GetWorkspace> {
    const own = this.workspaceOf(accountId);
    if (workspace !== own.id && workspace !== own.slug) throw new GatewayError('not_found');
    return { workspace: own };
  }

  @Serves(SetBudget)
  set(@Request(SetBudget) request: RequestOf<typeof SetBudget>): ReplyOf<typeof SetBudget> {
    const { accountId, interval, capNanos, includeByok } = request;
    const owner = this.ownerOf(accountId, request.owner);
    const workspace = this.workspaceOf(accountId);
    if (includeByok !== undefined) this.workspaces.set(accountId, { ...workspace, includeByokInBudgets: includeByok });
    const name = `${accountId} ${owner.scopeId} ${interval}`;
    const id = this.budgets.get(name)?.id ?? randomUUID();
    const budget: Budget = { id, ...owner, interval, capNanos, createdAt: AT, updatedAt: AT };
    this.budgets.set(name, budget);
    return { budget, includeByok: this.workspaceOf(accountId).includeByokInBudgets };
  }

  @Serves(ListBudgets)
  listBudgets(@Request(ListBudgets) { accountId, owner }: RequestOf<typeof ListBudgets>): ReplyOf<typeof ListBudgets> {
    const scopeId = owner && this.ownerOf(accountId, owner).scopeId;
    const budgets = [...this.budgets]
      .filter(([name, budget]) => name.startsWith(accountId) && (scopeId === null || budget.scopeId === scopeId))
      .map(([, budget]) => budget);
    return { budgets, totalCount: budgets.length, includeByok: this.workspaceOf(accountId).includeByokInBudgets };
  }

  @Serves(DeleteBudget)
  delete(@Request(DeleteBudget) request: RequestOf<typeof DeleteBudget>): ReplyOf<typeof DeleteBudget> {
    const { scopeId } = this.ownerOf(request.accountId, request.owner);
    return { deleted: this.budgets.delete(`${request.accountId} ${scopeId} ${request.interval}`) };
  }

  private ownerOf(accountId: string, owner: BudgetOwner) {
    const { kind } = owner;
    if (owner.kind === 'account') return { kind, workspaceId: null, userId: null, scopeId: accountId };
    // Not how auth does it, but a uuid that follows from the user.
    const ofUser = (userId: string) =>
      `00000000-0000-4000-8000-${Buffer.from(userId).toString('hex').padEnd(12, '0').slice(0, 12)}`;
    if (owner.kind === 'user') return { kind, workspaceId: null, userId: owner.userId, scopeId: ofUser(owner.userId) };
    const { id } = this.get({ accountId, workspace: owner.workspace }).workspace;
    return { kind, workspaceId: id, userId: null, scopeId: id };
  }
}
