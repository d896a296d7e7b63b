import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ACCOUNT_FILE } from './account.js';
import { UsageError } from './options.js';
import { readPrivateJson, writePrivateJson } from './private-json.js';
import type { DatabaseService } from './services.js';

/** Secrets of one installation, made at random on its first start. */
export interface Secrets {
  readonly keyPepper: string;
  /** Under which edges vouch to the ledger for what they admit. */
  readonly ticketSecret: string;
  /** With which edges sign receipts. */
  readonly receiptKey: string;
  /** From which edges derive the keys of what they put into the vault. */
  readonly vaultSecret: string;
  readonly natsPassword: string;
  /** Passwords of the database roles, by service. */
  readonly databasePasswords: Readonly<Record<DatabaseService, string>>;
}

const secret = (): string => randomBytes(32).toString('base64url');

const TEXTS = [
  'keyPepper',
  'natsPassword',
  ...['auth', 'ledger', 'registry'].map((role) => `databasePasswords.${role}`),
];

/**
 * The secrets of the data directory, made when it has none.
 * @throws UsageError when they are broken, or missing beside an account: no key of it would be known under new ones.
 */
export function loadSecrets(dataDirectory: string): Secrets {
  const file = path.join(dataDirectory, 'secrets.json');
  if (existsSync(file)) return complete(file, readPrivateJson<Written>(file, TEXTS));
  if (existsSync(path.join(dataDirectory, ACCOUNT_FILE)))
    throw new UsageError(
      `${file} is missing, and the keys of this installation cannot be recognised without it. Put it back, or start with --fresh: that deletes keys, credits and records.`,
    );
  const secrets: Secrets = {
    keyPepper: secret(),
    ticketSecret: secret(),
    receiptKey: secret(),
    vaultSecret: secret(),
    natsPassword: secret(),
    databasePasswords: { auth: secret(), ledger: secret(), registry: secret(), vault: secret() },
  };
  writePrivateJson(file, secrets);
  return secrets;
}

/** Older installations have no secrets for what came after them. */
type Added = 'ticketSecret' | 'receiptKey' | 'vaultSecret';
type Written = Omit<Secrets, Added | 'databasePasswords'> &
  Partial<Pick<Secrets, Added>> & {
    readonly databasePasswords: Omit<Secrets['databasePasswords'], 'vault'> & { readonly vault?: string };
  };

function complete(file: string, written: Written): Secrets {
  const { ticketSecret, receiptKey, vaultSecret, databasePasswords } = written;
  const secrets = {
    ...written,
    ticketSecret: ticketSecret ?? secret(),
    receiptKey: receiptKey ?? secret(),
    vaultSecret: vaultSecret ?? secret(),
    databasePasswords: { ...databasePasswords, vault: databasePasswords.vault ?? secret() },
  };
  const added = [ticketSecret, receiptKey, vaultSecret, databasePasswords.vault];
  if (added.includes(undefined)) writePrivateJson(file, secrets);
  return secrets;
}
