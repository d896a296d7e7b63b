import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Outbox: a change of a key that the edges have not been told yet. Written in the transaction of the change. */
@Entity('key_change')
export class KeyChangeEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: string;

  @Column('text')
  digest!: string;

  @Column('uuid', { name: 'key_id' })
  keyId!: string;

  @Column('integer')
  version!: number;
}
