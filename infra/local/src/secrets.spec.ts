import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ACCOUNT_FILE } from './account.js';
import { UsageError } from './options.js';
import { readPrivateJson } from './private-json.js';
import { loadSecrets } from './secrets.js';

describe('the secrets of an installation', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'switchyard-secrets-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);

  it('are made once and read from then on', () => {
    const made = loadSecrets(folder);
    expect(loadSecrets(folder)).toEqual(made);
    expect(made.keyPepper).toMatch(/^[\w-]{43}$/);
    expect(made.ticketSecret).toMatch(/^[\w-]{43}$/);
    expect(made.receiptKey).toMatch(/^[\w-]{43}$/);
  });

  it('of an older installation get what they lack, once, and keep what they have', () => {
    const { ticketSecret, receiptKey, vaultSecret, databasePasswords, ...rest } = loadSecrets(folder);
    const { vault, ...passwords } = databasePasswords;
    const older = { ...rest, databasePasswords: passwords };
    write('secrets.json', JSON.stringify(older));
    const completed = loadSecrets(folder);
    expect(completed).toMatchObject(older);
    expect(completed.ticketSecret).toMatch(/^[\w-]{43}$/);
    expect(completed.ticketSecret).not.toBe(ticketSecret);
    expect(completed.receiptKey).toMatch(/^[\w-]{43}$/);
    expect(completed.receiptKey).not.toBe(receiptKey);
    for (const made of [completed.vaultSecret, completed.databasePasswords.vault]) expect(made).toMatch(/^[\w-]{43}$/);
    expect([vaultSecret, vault]).not.toContain(completed.vaultSecret);
    expect(loadSecrets(folder)).toEqual(completed);
  });

  it.each([
    ['cut', '{"keyPepper": "hush', 'is not JSON'],
    ['empty', '', 'is not JSON'],
    ['of another shape', '{"keyPepper": "hush"}', 'has no natsPassword'],
    ['null', 'null', 'has no keyPepper'],
    ['a list', '[]', 'has no keyPepper'],
  ])('are refused in one line that quotes nothing when the file is %s', (_, text, problem) => {
    write('secrets.json', text);
    expect(() => loadSecrets(folder)).toThrow(UsageError);
    try {
      loadSecrets(folder);
    } catch (error) {
      const { message } = error as Error;
      expect(message).toContain(`${path.join(folder, 'secrets.json')} ${problem}. `);
      expect(message).not.toMatch(/hush|\n/);
    }
  });

  it('are not made anew beside an account whose keys they would make useless', () => {
    write(ACCOUNT_FILE, '{}');
    expect(() => loadSecrets(folder)).toThrow(/secrets\.json is missing/);
  });

  it('an account without its keys is refused, too', () => {
    write(ACCOUNT_FILE, '{"accountId":"a","apiKey":"b"}');
    expect(() => readPrivateJson(path.join(folder, ACCOUNT_FILE), ['accountId', 'apiKey', 'managementKey'])).toThrow(
      /has no managementKey/,
    );
  });
});
