import type { MigrationClass } from '@switchyard/database';
import { CreateEntries1764100000000 } from './migrations/1764100000000-entries.js';

export const SCHEMA = 'vault';
export const MIGRATIONS: readonly MigrationClass[] = [CreateEntries1764100000000];
