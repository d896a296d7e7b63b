import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  GatewayError,
  MAX_KEYS_OF_BUDGET,
  OpenBudget,
  type BudgetInterval,
  type BudgetOwner,
  type DeleteBudget,
  type ListBudgets,
  type ReplyOf,
  type RequestOf,
  type SetBudget,
} from '@switchyard/contracts';
import { KeyChangeRelay } from '../changes/key-change-relay.js';
import { WorkspacesService } from '../workspaces/workspaces.service.js';
import type { Owner } from './budget-owner.js';
import { scopeIdOf, toBudget } from './budget-owner.js';
import { BudgetsRepository } from './budgets.repository.js';

/** An owner that was found, with what its workspace says about own keys. */
interface FoundOwner {
  readonly owner: Owner;
  readonly includeByok: boolean;
}

@Injectable()
export class BudgetsService {
  constructor(
    private readonly budgets: BudgetsRepository,
    private readonly workspaces: WorkspacesService,
    private readonly relay: KeyChangeRelay,
    private readonly rpc: RpcClient,
  ) {}

  async set(request: RequestOf<typeof SetBudget>): Promise<ReplyOf<typeof SetBudget>> {
    const { interval, capNanos, includeByok } = request;
    if (capNanos === 0n) throw new GatewayError('invalid_request', { message: 'limit_usd must be more than 0.' });
    const found = await this.ownerOf(request.accountId, request.owner);
    await this.budgets.judge(found.owner, { interval, capNanos });
    await this.countSpent(found.owner, interval, capNanos);
    const row = await this.budgets.set({
      owner: found.owner,
      interval,
      capNanos,
      includeByok,
    });
    this.relay.wake();
    return { budget: toBudget(row), includeByok: includeByok ?? found.includeByok };
  }

  async list({ accountId, owner, ...page }: RequestOf<typeof ListBudgets>): Promise<ReplyOf<typeof ListBudgets>> {
    const found = owner && (await this.ownerOf(accountId, owner));
    const [rows, totalCount] = await this.budgets.list(found?.owner ?? { accountId }, page);
    return { budgets: rows.map(toBudget), totalCount, includeByok: found?.includeByok ?? false };
  }

  async delete({ accountId, owner, interval }: RequestOf<typeof DeleteBudget>): Promise<ReplyOf<typeof DeleteBudget>> {
    const found = await this.ownerOf(accountId, owner);
    const deleted = await this.budgets.delete(found.owner, interval);
    this.relay.wake();
    return { deleted };
  }

  /** The ledger comes first: a window that no key counts against harms nobody, a budget that forgets the month so far misleads. */
  private async countSpent(owner: Owner, interval: BudgetInterval, capNanos: bigint): Promise<void> {
    const keyIds = await this.budgets.keysOf(owner, MAX_KEYS_OF_BUDGET);
    await this.rpc.call(OpenBudget, { scopeId: scopeIdOf(owner), kind: owner.kind, interval, capNanos, keyIds });
  }

  private async ownerOf(accountId: string, owner: BudgetOwner): Promise<FoundOwner> {
    if (owner.kind !== 'workspace') {
      const userId = owner.kind === 'user' ? owner.userId : null;
      return { owner: { accountId, kind: owner.kind, workspaceId: null, userId }, includeByok: false };
    }
    const { id, includeByokInBudgets } = await this.workspaces.find(accountId, owner.workspace);
    return {
      owner: { accountId, kind: 'workspace', workspaceId: id, userId: null },
      includeByok: includeByokInBudgets,
    };
  }
}
