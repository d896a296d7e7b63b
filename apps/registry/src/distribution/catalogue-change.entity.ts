import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Outbox: a model whose entry at the edges is no longer right. Written in the transaction of the change. */
@Entity('catalogue_change')
export class CatalogueChangeEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: string;

  @Column('text', { name: 'model_id' })
  modelId!: string;
}
