import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RoutingColumn } from '../keys/routing-column.js';

export const DEFAULT_SLUG = 'default';

/** A part of an account that keys belong to; every account has one default workspace. */
@Entity('workspace')
export class WorkspaceEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  name!: string;

  /** Names it in addresses; unique in its account. */
  @Column('text')
  slug!: string;

  @Column('boolean', { name: 'is_default' })
  isDefault!: boolean;

  @Column('boolean', { name: 'include_byok_in_budgets', default: false })
  includeByokInBudgets!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', nullable: true })
  updatedAt!: Date | null;

  /** What the requests of all its keys are routed under. */
  @Column('jsonb', { nullable: true })
  routing!: RoutingColumn | null;
}

/** The columns of a workspace, as plain data. */
export type WorkspaceRow = Pick<WorkspaceEntity, keyof WorkspaceEntity>;
