import { execFileSync } from 'node:child_process';
import { Client } from 'pg';

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Every table of every schema, as `schema.table`, in which a row holds the text anywhere; in columns of bytes, which are shown in hexadecimal, too. */
export async function tablesWith(databaseUrl: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const database of await databasesOf(databaseUrl)) {
    const url = new URL(databaseUrl);
    url.pathname = `/${database}`;
    await withClient(url.href, async (client) => {
      // A partition's rows are those of its table.
      const { rows: tables } = await client.query<{ schema: string; name: string }>(
        `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg_toast%'
         ORDER BY 1, 2`,
      );
      for (const { schema, name } of tables) {
        // The constraints of partitions call functions of their schema.
        await client.query(`SET search_path = ${identifier(schema)}, pg_catalog`);
        const { rowCount } = await client.query(
          `SELECT 1 FROM ${identifier(schema)}.${identifier(name)} AS row
            WHERE position($1 IN row::text) > 0 OR position($2 IN row::text) > 0 LIMIT 1`,
          [text, Buffer.from(text).toString('hex')],
        );
        if (rowCount) found.push(`${schema}.${name}`);
      }
    });
  }
  return found;
}

async function databasesOf(databaseUrl: string): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate',
    );
    return rows.map(({ name }) => name);
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Every file below the folder whose bytes hold the text, and how many lines of them do. */
export function filesWith(folder: string, text: string): string[] {
  const script = 'grep -raFc -- "$1" "$2" | grep -v ":0$" || true';
  const output = execFileSync('sh', ['-c', script, 'sh', text, folder], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return output.split('\n').filter(Boolean);
}
