import type { Budget, BudgetInterval } from '@switchyard/contracts';
import { bigintTransformer } from '@switchyard/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A cap on what the keys of an account, a workspace or a user may spend in each window. */
@Entity('budget')
export class BudgetEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  kind!: Budget['kind'];

  @Column('uuid', { name: 'workspace_id', nullable: true })
  workspaceId!: string | null;

  @Column('text', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('uuid', { name: 'scope_id' })
  scopeId!: string;

  @Column('text', { name: 'period' })
  interval!: BudgetInterval;

  @Column('bigint', { name: 'cap_nanos', transformer: bigintTransformer })
  capNanos!: bigint;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

/** The columns of a budget, as plain data. */
export type BudgetRow = Pick<BudgetEntity, keyof BudgetEntity>;
