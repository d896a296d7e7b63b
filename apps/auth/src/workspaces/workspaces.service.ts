import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  type GetWorkspace,
  type ListWorkspaces,
  type ReplyOf,
  type RequestOf,
  type UpdateWorkspace,
  type Workspace,
} from '@switchyard/contracts';
import { KeyChangeRelay } from '../changes/key-change-relay.js';
import { policyOf } from '../keys/routing-column.js';
import type { WorkspaceRow } from './workspace.entity.js';
import { WorkspacesRepository } from './workspaces.repository.js';

@Injectable()
export class WorkspacesService {
  constructor(
    private readonly workspaces: WorkspacesRepository,
    private readonly relay: KeyChangeRelay,
  ) {}

  async list({ accountId, ...page }: RequestOf<typeof ListWorkspaces>): Promise<ReplyOf<typeof ListWorkspaces>> {
    const [found, totalCount] = await this.workspaces.list(accountId, page);
    return { workspaces: found.map(toWorkspace), totalCount };
  }

  async get({ accountId, workspace }: RequestOf<typeof GetWorkspace>): Promise<ReplyOf<typeof GetWorkspace>> {
    return { workspace: toWorkspace(await this.find(accountId, workspace)) };
  }

  async update({
    accountId,
    workspace,
    changes: { routing },
  }: RequestOf<typeof UpdateWorkspace>): Promise<ReplyOf<typeof UpdateWorkspace>> {
    const found = await this.find(accountId, workspace);
    if (routing === undefined) return { workspace: toWorkspace(found) };
    const changed = (await this.workspaces.setRouting(accountId, found.id, routing)) ?? found;
    this.relay.wake();
    return { workspace: toWorkspace(changed) };
  }

  /** By id or slug. @throws GatewayError `not_found`, for another account's as well */
  async find(accountId: string, idOrSlug: string): Promise<WorkspaceRow> {
    const found = await this.workspaces.find(accountId, idOrSlug);
    if (!found) throw new GatewayError('not_found', { message: 'The workspace does not exist.' });
    return found;
  }
}

const toWorkspace = (row: WorkspaceRow): Workspace => ({
  id: row.id,
  accountId: row.accountId,
  name: row.name,
  slug: row.slug,
  isDefault: row.isDefault,
  includeByokInBudgets: row.includeByokInBudgets,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt?.toISOString() ?? null,
  routing: policyOf(row.routing),
});
