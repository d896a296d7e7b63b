import type { KeyKind, LimitReset } from '@switchyard/contracts';
import { bigintTransformer } from '@switchyard/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RoutingColumn } from './routing-column.js';

/** An API key without its secret: of that only the digest is kept. A revoked key stays, so that it differs from an unknown one. */
@Entity('api_key')
export class KeyEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  digest!: string;

  @Column('text')
  kind!: KeyKind;

  @Column('uuid', { name: 'account_id' })
  accountId!: string;

  @Column('uuid', { name: 'workspace_id' })
  workspaceId!: string;

  @Column('text', { name: 'creator_user_id', nullable: true })
  creatorUserId!: string | null;

  @Column('text')
  name!: string;

  @Column('text')
  label!: string;

  @Column('boolean')
  disabled!: boolean;

  @Column('numeric', { name: 'limit_nanos', nullable: true, transformer: bigintTransformer })
  limitNanos!: bigint | null;

  @Column('text', { name: 'limit_reset', nullable: true })
  limitReset!: LimitReset | null;

  @Column('boolean', { name: 'include_byok_in_limit' })
  includeByokInLimit!: boolean;

  @Column('text', { name: 'external_user', nullable: true })
  externalUser!: string | null;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', nullable: true })
  updatedAt!: Date | null;

  /** Minute grain. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** Of the response cache: null leaves it to the request. */
  @Column('boolean', { name: 'cache_enabled', nullable: true })
  cacheEnabled!: boolean | null;

  @Column('integer', { name: 'cache_ttl_seconds', nullable: true })
  cacheTtlSeconds!: number | null;

  @Column('boolean', { name: 'store_responses' })
  storeResponses!: boolean;

  @Column('integer')
  version!: number;

  @Column('jsonb', { nullable: true })
  routing!: RoutingColumn | null;
}

/** The columns of a key, as plain data. */
export type KeyRow = Pick<KeyEntity, keyof KeyEntity>;
