import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant: owner of keys, and by the same id holder of a ledger account. */
@Entity('account')
export class AccountEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  /** It runs this installation: the first account that was opened. */
  @Column('boolean', { default: false })
  operator!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
