import { Injectable } from '@nestjs/common';
import {
  GatewayError,
  type GetWorkspace,
  type ListWorkspaces,
  type ReplyOf,
  type RequestOf,
  type Workspace,
} from '@switchyard/contracts';
import type { WorkspaceRow } from './workspace.entity.js';
import { WorkspacesRepository } from './workspaces.repository.js';

@Injectable()
export class WorkspacesService {
  constructor(private readonly workspaces: WorkspacesRepository) {}

  async list({ accountId, ...page }: RequestOf<typeof ListWorkspaces>): Promise<ReplyOf<typeof ListWorkspaces>> {
    const [found, totalCount] = await this.workspaces.list(accountId, page);
    return { workspaces: found.map(toWorkspace), totalCount };
  }

  async get({ accountId, workspace }: RequestOf<typeof GetWorkspace>): Promise<ReplyOf<typeof GetWorkspace>> {
    return { workspace: toWorkspace(await this.find(accountId, workspace)) };
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
});
