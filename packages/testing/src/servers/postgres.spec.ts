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
