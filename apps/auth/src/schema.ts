import type { MigrationClass } from '@switchyard/database';
import { AccountEntity } from './accounts/account.entity.js';
import { WorkspaceEntity } from './accounts/workspace.entity.js';
import { KeyChangeEntity } from './changes/key-change.entity.js';
import { KeyEntity } from './keys/key.entity.js';
import { CreateKeys1763800000000 } from './migrations/1763800000000-keys.js';

export const SCHEMA = 'auth';
export const ENTITIES = [AccountEntity, WorkspaceEntity, KeyEntity, KeyChangeEntity];
export const MIGRATIONS: readonly MigrationClass[] = [CreateKeys1763800000000];
