import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who serves models. How to speak to it is no business of the registry. */
@Entity('provider')
export class ProviderEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;
}
