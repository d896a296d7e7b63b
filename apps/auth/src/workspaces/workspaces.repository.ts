import { Injectable } from '@nestjs/common';
import type { RoutingPolicy } from '@switchyard/contracts';
import { transaction } from '@switchyard/database';
import { DataSource } from 'typeorm';
import { announce } from '../budgets/budgets.repository.js';
import { WorkspaceEntity, type WorkspaceRow } from './workspace.entity.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

@Injectable()
export class WorkspacesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** By id or slug; null when the account has no such workspace. A slug that looks like an id is found all the same. */
  find(accountId: string, idOrSlug: string): Promise<WorkspaceRow | null> {
    const bySlug = { accountId, slug: idOrSlug };
    return transaction(this.dataSource, { idempotent: true }, (manager) =>
      manager.findOne(WorkspaceEntity, {
        where: UUID.test(idOrSlug) ? [{ accountId, id: idOrSlug }, bySlug] : bySlug,
      }),
    );
  }

  /** Settles what the workspace's requests are routed under, and announces its keys in the same transaction. */
  setRouting(accountId: string, workspaceId: string, routing: RoutingPolicy | null): Promise<WorkspaceRow | null> {
    return transaction(this.dataSource, { idempotent: true }, async (manager) => {
      const where = { accountId, id: workspaceId };
      const found: WorkspaceRow | null = await manager.findOne(WorkspaceEntity, {
        where,
        lock: { mode: 'pessimistic_write' },
      });
      if (!found) return null;
      const changed = await manager.save(WorkspaceEntity, { ...found, routing, updatedAt: new Date() });
      await announce(manager, { accountId, workspaceId, userId: null });
      return changed;
    });
  }

  /** The default one first, then by age; with how many there are. */
  list(accountId: string, { offset, limit }: { offset: number; limit: number }): Promise<[WorkspaceRow[], number]> {
    return transaction(this.dataSource, { idempotent: true }, (manager) =>
      manager.findAndCount(WorkspaceEntity, {
        where: { accountId },
        order: { isDefault: 'DESC', createdAt: 'ASC', id: 'ASC' },
        skip: offset,
        take: limit,
      }),
    );
  }
}
