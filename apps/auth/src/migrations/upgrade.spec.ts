import { migrate, roleOf } from '@switchyard/database';
import { startPostgres, type TestPostgres } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { MIGRATIONS, SCHEMA } from '../schema.js';

describe('an installation from before there were budgets', () => {
  let postgres: TestPostgres;
  let sql: pg.Client;
  let migrateTo: (count: number) => Promise<string[]>;

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase('switchyard');
    const service = new URL(url);
    service.username = 'auth_app';
    service.password = 'auth-password';
    const role = roleOf(service.toString());
    migrateTo = (count) => migrate({ url, schema: SCHEMA, migrations: MIGRATIONS.slice(0, count), role });
    sql = new pg.Client({ connectionString: url, options: '-c search_path=auth' });
    await migrateTo(1);
    await sql.connect();
  }, 60_000);
  afterAll(async () => {
    await sql?.end();
    await postgres?.stop();
  }, 30_000);

  it('keeps its accounts: the oldest is the operator, and every default workspace is called default', async () => {
    const [oldest, younger] = [randomUUID(), randomUUID()];
    await sql.query(
      `INSERT INTO account (id, name, created_at) VALUES ($1, 'Younger', '2026-02-02'), ($2, 'Oldest', '2026-01-01')`,
      [younger, oldest],
    );
    await sql.query(
      `INSERT INTO workspace (id, account_id, name, is_default)
       VALUES ($1, $3, 'Default', true), ($2, $4, 'Default', true), (gen_random_uuid(), $4, 'Other', false)`,
      [randomUUID(), randomUUID(), oldest, younger],
    );
    await migrateTo(MIGRATIONS.length);
    const { rows } = await sql.query<{ name: string; slug: string; is_default: boolean; operator: boolean }>(
      `SELECT a.name, w.slug, w.is_default, a.operator FROM workspace w JOIN account a ON a.id = w.account_id
       ORDER BY a.created_at, w.is_default DESC`,
    );
    expect(rows).toEqual([
      { name: 'Oldest', slug: 'default', is_default: true, operator: true },
      { name: 'Younger', slug: 'default', is_default: true, operator: false },
      {
        name: 'Younger',
        slug: expect.stringMatching(/^workspace-[0-9a-f-]{36}$/) as string,
        is_default: false,
        operator: false,
      },
    ]);
    await expect(migrateTo(MIGRATIONS.length)).resolves.toEqual([]);
  }, 30_000);
});
