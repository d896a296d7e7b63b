import { inspect } from 'node:util';
import { startPostgres, type TestPostgres } from '@switchyard/testing';
import { Client } from 'pg';
import { Column, DataSource, Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { bigintTransformer, connect, createDataSource, migrate, query, roleOf, rows, transaction } from './index.js';

@Entity('note')
class Note {
  @PrimaryColumn('integer')
  id!: number;

  @Column('bigint', { transformer: bigintTransformer })
  amount!: bigint;
}

class CreateNote1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE note (id integer PRIMARY KEY, amount bigint NOT NULL)');
    await runner.query('CREATE FUNCTION open_door() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$');
    await runner.query('CREATE FUNCTION closed_door() RETURNS integer LANGUAGE sql AS $$ SELECT 2 $$');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE note');
  }
}

describe('the database package', () => {
  let postgres: TestPostgres;
  let owner: string;
  let service: string;
  let dataSource: DataSource;

  const migrateAll = (tables: 'read' | 'write' = 'write') =>
    migrate({
      url: owner,
      schema: 'notes',
      migrations: [CreateNote1763800000000],
      role: { ...roleOf(service), tables, functions: ['open_door'] },
    });

  beforeAll(async () => {
    postgres = await startPostgres();
    owner = await postgres.createDatabase('notes');
    const url = new URL(owner);
    url.username = 'notes_app';
    url.password = "it's%20secret";
    service = url.toString();
    await migrateAll();
    dataSource = await connect(
      createDataSource({ url: service, schema: 'notes', entities: [Note], applicationName: 'notes' }),
    );
  }, 60_000);

  afterAll(async () => {
    await dataSource?.destroy();
    await postgres?.stop();
  });

  it('migrates once, also when two start at the same time', async () => {
    await expect(Promise.all([migrateAll(), migrateAll()])).resolves.toEqual([[], []]);
  });

  it('refuses to make the owner the role of the service', async () => {
    await expect(
      migrate({ url: owner, schema: 'notes', migrations: [], role: { ...roleOf(owner), tables: 'read' } }),
    ).rejects.toThrow('too strong');
  });

  it('says in one line that the owner may not make roles, without the password of the role', async () => {
    const admin = new Client({ connectionString: owner });
    await admin.connect();
    await admin.query("CREATE ROLE weak LOGIN NOCREATEROLE PASSWORD 'weak'");
    await admin.query('CREATE DATABASE weakly OWNER weak');
    await admin.end();
    const url = new URL(owner);
    Object.assign(url, { username: 'weak', password: 'weak', pathname: '/weakly' });
    const role = { name: 'weak_app', password: 'hush-hush', tables: 'read' as const };
    const error: unknown = await migrate({ url: url.href, schema: 'notes', migrations: [], role }).catch(
      (e: unknown) => e,
    );
    expect(String(error)).toContain('the role weak_app cannot be made (42501: permission denied to create role)');
    expect(inspect(error, { depth: 10 })).not.toContain('hush-hush');
  });

  it('opens to the role the named functions and the tables, and nothing else', async () => {
    await expect(query(dataSource, { idempotent: true }, 'SELECT open_door() AS n')).resolves.toEqual([{ n: 1 }]);
    await expect(query(dataSource, { idempotent: true }, 'SELECT closed_door()')).rejects.toThrow('permission denied');
    await expect(query(dataSource, { idempotent: true }, 'CREATE TABLE mine ()')).rejects.toThrow('permission denied');
    await expect(query(dataSource, { idempotent: true }, 'SELECT * FROM migration_history')).rejects.toThrow(
      'permission denied',
    );
    await migrateAll('read');
    await expect(dataSource.getRepository(Note).insert({ id: 1, amount: 1n })).rejects.toThrow('permission denied');
    await migrateAll('write');
  });

  it('keeps every digit of a bigint', async () => {
    const amount = 9_223_372_036_854_775_807n;
    await dataSource.getRepository(Note).insert({ id: 2, amount });
    await expect(dataSource.getRepository(Note).findOneByOrFail({ id: 2 })).resolves.toEqual({ id: 2, amount });
  });

  it('carries the limits of a service', async () => {
    const [limits] = await query<Record<string, string>>(
      dataSource,
      { idempotent: true },
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
         current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('search_path') AS path,
         current_setting('application_name') AS name`,
    );
    expect(limits).toEqual({ statement: '5s', lock: '1s', idle: '10s', path: 'notes', name: 'notes' });
  });

  it('answers the rows of RETURNING for an update as for a select', async () => {
    await dataSource.getRepository(Note).insert({ id: 3, amount: 3n });
    const updated = await transaction(dataSource, { idempotent: true }, (manager) =>
      rows(manager, 'UPDATE note SET amount = 4 WHERE id = 3 RETURNING id, amount'),
    );
    expect(updated).toEqual([{ id: 3, amount: '4' }]);
  });

  it('tries an idempotent transaction again after a lost connection, and no other', async () => {
    const attempts = { idempotent: 0, other: 0 };
    const losesFirst = (idempotent: boolean) =>
      transaction(dataSource, { idempotent }, async (manager) => {
        attempts[idempotent ? 'idempotent' : 'other'] += 1;
        if (attempts[idempotent ? 'idempotent' : 'other'] === 1)
          await rows(manager, 'SELECT pg_terminate_backend(pg_backend_pid())');
        return rows(manager, 'SELECT 1 AS one');
      });
    await expect(losesFirst(true)).resolves.toEqual([{ one: 1 }]);
    await expect(losesFirst(false)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(attempts).toEqual({ idempotent: 2, other: 1 });
  });

  it('rolls back what the work did before it threw', async () => {
    await expect(
      transaction(dataSource, { idempotent: true }, async (manager) => {
        await rows(manager, 'INSERT INTO note VALUES (9, 9)');
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await expect(dataSource.getRepository(Note).findOneBy({ id: 9 })).resolves.toBeNull();
  });

  it('says service_unavailable while a lock is not to be had, and leaves the connection usable', async () => {
    await dataSource.getRepository(Note).insert({ id: 5, amount: 5n });
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM note WHERE id = 5 FOR UPDATE');
    try {
      await expect(
        transaction(dataSource, { idempotent: false }, (manager) =>
          rows(manager, 'SELECT 1 FROM note WHERE id = 5 FOR UPDATE'),
        ),
      ).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 1000 });
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
    }
  });

  it('outlives a crash of PostgreSQL: queries wait or fail, and work again by themselves', async () => {
    await postgres.kill9();
    await expect(query(dataSource, { idempotent: false }, 'SELECT 1')).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    const late = createDataSource({ url: service, schema: 'notes', entities: [Note], applicationName: 'late' });
    const connecting = connect(late);
    await postgres.restart();
    await connecting;
    await late.destroy();
    await expect(query(dataSource, { idempotent: true }, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  }, 60_000);

  it('does not wait for what waiting cannot cure', async () => {
    const wrong = new URL(service);
    wrong.password = 'guess';
    const other = createDataSource({ url: wrong.toString(), schema: 'notes', entities: [], applicationName: 'x' });
    await expect(connect(other)).rejects.toThrow('password authentication failed');
  });
});
