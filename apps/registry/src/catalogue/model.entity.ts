import type { CatalogueModel } from '@switchyard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `data`: the project's data files; `local`: the file of a self-hosted server; `operator`: PutModel and RemoveModel. */
export type ModelSource = 'data' | 'local' | 'operator';

/** Facts of a model. A removed one stays, so that data files do not bring back what an operator took out. */
@Entity('model')
export class ModelEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'canonical_slug' })
  canonicalSlug!: string;

  @Column('text')
  name!: string;

  @Column('text')
  author!: string;

  /** Unix seconds; the driver gives `bigint` as text. */
  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  created!: number;

  @Column('integer', { name: 'context_length', nullable: true })
  contextLength!: number | null;

  @Column('integer', { name: 'max_completion_tokens', nullable: true })
  maxCompletionTokens!: number | null;

  @Column('text', { name: 'input_modalities', array: true })
  inputModalities!: string[];

  @Column('text', { name: 'output_modalities', array: true })
  outputModalities!: string[];

  @Column('text', { nullable: true })
  tokenizer!: string | null;

  @Column('text', { name: 'instruct_type', nullable: true })
  instructType!: string | null;

  @Column('text', { name: 'hugging_face_id', nullable: true })
  huggingFaceId!: string | null;

  @Column('text', { name: 'knowledge_cutoff', nullable: true })
  knowledgeCutoff!: string | null;

  @Column('text', { name: 'expiration_date', nullable: true })
  expirationDate!: string | null;

  @Column('boolean', { name: 'is_moderated' })
  isModerated!: boolean;

  @Column('jsonb', { name: 'default_parameters', nullable: true })
  defaultParameters!: CatalogueModel['defaultParameters'];

  @Column('jsonb', { nullable: true })
  reasoning!: CatalogueModel['reasoning'];

  @Column('text')
  source!: ModelSource;

  /** Grows with every change. */
  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'removed_at', nullable: true })
  removedAt!: Date | null;
}
