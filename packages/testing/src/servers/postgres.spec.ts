import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startPostgres, type TestPostgres } from './postgres.js';

describe('startPostgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());

  async function query(url: string, text: string): Promise<unknown[]> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  it('keeps what was committed over a crash', async () => {
    const url = await postgres.createDatabase('crash');
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await postgres.kill9();
    await expect(query(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await postgres.restart();
    await expect(query(url, 'SELECT answer FROM kept')).resolves.toEqual([{ answer: 42 }]);
  }, 60_000);

  it('refuses a wrong password', async () => {
    const wrong = postgres.url.replace(/:[^:@/]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  it('refuses a database name that is not plain', async () => {
    await expect(postgres.createDatabase('x"; DROP DATABASE postgres')).rejects.toThrow(RangeError);
  });
});

describe('a data directory that is kept', () => {
  it('is found again, also below a folder that is closed to the user of PostgreSQL', async () => {
    const closed = mkdtempSync(path.join(tmpdir(), 'switchyard-closed-'));
    const directory = path.join(closed, 'data');
    try {
      const first = await startPostgres({ directory });
      await first.createDatabase('kept');
      await first.stop();
      const second = await startPostgres({ directory });
      expect(second.directory).toBe(first.directory);
      const client = new Client({ connectionString: second.url });
      await client.connect();
      const { rows } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'kept'");
      await client.end();
      await second.stop();
      expect(rows).toHaveLength(1);
      for (const target of [second.directory, `${second.directory}.password`])
        rmSync(target, { recursive: true, force: true });
    } finally {
      rmSync(closed, { recursive: true, force: true });
    }
  }, 60_000);
});
