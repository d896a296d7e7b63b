import { randomUUID } from 'node:crypto';
import { connectBus } from '@switchyard/bus';
import { CreateDeposit, digestApiKey, generateApiKey, labelOf, parseUsdNanos } from '@switchyard/contracts';
import { loadSecrets } from '@switchyard/local';
import { Client } from 'pg';
import type { SwitchyardTarget } from '../targets/switchyard.js';

const ROWS_AT_ONCE = 5_000;
/** Each key borrows a cent at least. */
const CREDIT_USD = '100000';

/**
 * So many API keys of the system's account, as rows that auth would have written, by its own database role: the same digests of
 * secrets that nobody else knows, without a call for each. The account gets the credit that all of them borrow.
 */
export async function makeKeys({ stack, dataDirectory }: SwitchyardTarget, count: number): Promise<string[]> {
  const { keyPepper } = loadSecrets(dataDirectory);
  const { accountId } = stack.account;
  const bus = await connectBus({ servers: stack.natsUrl, name: 'bench' });
  const deposit = { source: 'local', externalId: 'credit-of-many-keys', note: null };
  try {
    const amountNanos = parseUsdNanos(CREDIT_USD);
    await bus.rpc.call(CreateDeposit, { accountId, amountNanos, ...deposit }, { timeoutMs: 15_000 });
  } finally {
    await bus.close();
  }
  const secrets = Array.from({ length: count }, () => generateApiKey('inference'));
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    await client.query('SET ROLE auth_app');
    await client.query('SET search_path = auth');
    for (let at = 0; at < secrets.length; at += ROWS_AT_ONCE) {
      const some = secrets.slice(at, at + ROWS_AT_ONCE);
      await client.query(
        `INSERT INTO api_key (id, digest, kind, account_id, workspace_id, name, label)
         SELECT made.id, made.digest, 'inference', workspace.account_id, workspace.id, 'One of many', made.label
           FROM workspace, unnest($2::uuid[], $3::text[], $4::text[]) AS made (id, digest, label)
          WHERE workspace.account_id = $1 AND workspace.is_default`,
        [
          accountId,
          some.map(() => randomUUID()),
          some.map((secret) => digestApiKey(secret, keyPepper)),
          some.map(labelOf),
        ],
      );
    }
  } finally {
    await client.end();
  }
  return secrets;
}
