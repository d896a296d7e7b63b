import { existsSync } from 'node:fs';
import path from 'node:path';
import { CreateAccount, CreateDeposit, CreateKey, parseUsdNanos } from '@switchyard/contracts';
import { connectBus } from '@switchyard/bus';
import { readPrivateJson, writePrivateJson } from './private-json.js';

export const ACCOUNT_FILE = 'account.json';
const FIRST_CREDIT_USD = '10';

/** The tenant of this installation, with its keys in the clear: they exist nowhere else. */
export interface LocalAccount {
  readonly accountId: string;
  readonly apiKey: string;
  readonly managementKey: string;
}

/**
 * The keys that the runner prints: made on the first start, with 10 USD of credit, and kept in the data directory for later ones.
 * Each step is idempotent or repeatable, so a start that was cut here can be repeated.
 */
export async function ensureAccount(dataDirectory: string, natsUrl: string): Promise<LocalAccount> {
  const file = path.join(dataDirectory, ACCOUNT_FILE);
  if (existsSync(file)) return readPrivateJson<LocalAccount>(file, ['accountId', 'apiKey', 'managementKey']);
  const bus = await connectBus({ servers: natsUrl, name: 'local' });
  try {
    const options = { timeoutMs: 15_000 };
    const { accountId, managementKey } = await bus.rpc.call(CreateAccount, { name: 'Local' }, options);
    const { secret: apiKey } = await bus.rpc.call(
      CreateKey,
      { accountId, kind: 'inference', name: 'First key' },
      options,
    );
    await bus.rpc.call(
      CreateDeposit,
      {
        accountId,
        amountNanos: parseUsdNanos(FIRST_CREDIT_USD),
        source: 'local',
        externalId: `first-credit-${accountId}`,
        note: null,
      },
      options,
    );
    const account = { accountId, apiKey, managementKey };
    writePrivateJson(file, account);
    return account;
  } finally {
    await bus.close();
  }
}
