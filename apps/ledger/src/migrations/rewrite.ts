import type { QueryRunner } from 'typeorm';

/**
 * Replaces pieces of the body of a function and keeps the rest as it stands, whichever migration wrote it last.
 * @throws when a piece is not there exactly once: then the function is another than the migration was written for.
 */
export async function rewriteFunction(
  runner: QueryRunner,
  name: string,
  pieces: readonly (readonly [before: string, after: string])[],
): Promise<void> {
  const [row] = (await runner.query(
    `SELECT pg_get_functiondef(oid) AS sql FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname = $1`,
    [name],
  )) as { sql: string }[];
  let sql = row?.sql ?? '';
  for (const [before, after] of pieces) {
    const parts = sql.split(before);
    if (parts.length !== 2)
      throw new Error(`${name}() has ${JSON.stringify(before)} ${parts.length - 1} times, not once`);
    sql = parts.join(after);
  }
  await runner.query(sql);
}
