import type { CatalogueEndpoint } from '@switchyard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A model served by a provider, without its price. */
@Entity('endpoint')
export class EndpointEntity {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'model_id' })
  modelId!: string;

  @Column('text')
  provider!: string;

  @Column('text', { name: 'provider_name' })
  providerName!: string;

  @Column('text')
  tag!: string;

  @Column('text', { name: 'upstream_model' })
  upstreamModel!: string;

  @Column('text', { nullable: true })
  protocol!: NonNullable<CatalogueEndpoint['protocol']> | null;

  @Column('integer', { name: 'context_length' })
  contextLength!: number;

  @Column('integer', { name: 'max_completion_tokens', nullable: true })
  maxCompletionTokens!: number | null;

  @Column('integer', { name: 'max_prompt_tokens', nullable: true })
  maxPromptTokens!: number | null;

  @Column('text')
  quantization!: string;

  @Column('text', { name: 'input_modalities', array: true })
  inputModalities!: string[];

  @Column('text', { name: 'output_modalities', array: true })
  outputModalities!: string[];

  @Column('text', { name: 'supported_parameters', array: true })
  supportedParameters!: string[];

  @Column('boolean', { name: 'supports_implicit_caching' })
  supportsImplicitCaching!: boolean;

  @Column('jsonb', { nullable: true })
  reasoning!: CatalogueEndpoint['reasoning'];

  @Column('jsonb', { name: 'data_policy', nullable: true })
  dataPolicy!: CatalogueEndpoint['dataPolicy'];

  /** Keeps the order in which the endpoints were given. */
  @Column('integer')
  position!: number;

  @Column('timestamptz', { name: 'removed_at', nullable: true })
  removedAt!: Date | null;
}
