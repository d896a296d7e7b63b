import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Secrets of one installation, made at random on its first start. */
export interface Secrets {
  readonly keyPepper: string;
  readonly natsPassword: string;
  /** Passwords of the database roles, by service. */
  readonly databasePasswords: Readonly<Record<'auth' | 'ledger' | 'registry', string>>;
}

const secret = (): string => randomBytes(32).toString('base64url');

/** Writes JSON that only its owner can read, whole or not at all. */
export function writePrivateJson(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

/** The secrets of the data directory, made when it has none. */
export function loadSecrets(dataDirectory: string): Secrets {
  const file = path.join(dataDirectory, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const secrets: Secrets = {
    keyPepper: secret(),
    natsPassword: secret(),
    databasePasswords: { auth: secret(), ledger: secret(), registry: secret() },
  };
  writePrivateJson(file, secrets);
  return secrets;
}
