import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who made a model: the first part of its id. */
@Entity('author')
export class AuthorEntity {
  @PrimaryColumn('text')
  slug!: string;

  @Column('text')
  name!: string;
}
