import type { MigrationClass } from '@switchyard/database';
import { AccountEntity } from './accounts/account.entity.js';
import { BudgetEntity } from './budgets/budget.entity.js';
import { KeyChangeEntity } from './changes/key-change.entity.js';
import { KeyEntity } from './keys/key.entity.js';
import { CreateKeys1763800000000 } from './migrations/1763800000000-keys.js';
import { Budgets1763900000000 } from './migrations/1763900000000-budgets.js';
import { Routing1764000000000 } from './migrations/1764000000000-routing.js';
import { Keeping1764100000000 } from './migrations/1764100000000-keeping.js';
import { WorkspaceEntity } from './workspaces/workspace.entity.js';

export const SCHEMA = 'auth';
export const ENTITIES = [AccountEntity, WorkspaceEntity, KeyEntity, BudgetEntity, KeyChangeEntity];
export const MIGRATIONS: readonly MigrationClass[] = [
  CreateKeys1763800000000,
  Budgets1763900000000,
  Routing1764000000000,
  Keeping1764100000000,
];
