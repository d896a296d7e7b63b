import { randomBytes, randomUUID } from 'node:crypto';
import { EraseVault, GetVaultPart, GetVaultRoom, MAX_VAULT_PART_BYTES, PutVaultPart } from '@switchyard/contracts';
import type { VaultKind } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import pg from 'pg';
import { startVault, type VaultHarness } from './testing/vault-harness.js';

const ACCOUNT_BYTES = 4_000;

interface Entry {
  readonly accountId: string;
  readonly keyId: string | null;
  readonly kind: VaultKind;
  readonly address: string;
  readonly entryId: string;
}

describe('the vault', () => {
  let vault: VaultHarness;
  let sql: pg.Client;
  const call: VaultHarness['bus']['rpc']['call'] = (contract, request) => vault.bus.rpc.call(contract, request);

  const entry = (fields: Partial<Entry> = {}): Entry => ({
    accountId: randomUUID(),
    keyId: null,
    kind: 'answer',
    address: randomBytes(32).toString('hex'),
    entryId: randomUUID(),
    ...fields,
  });
  const put = async (to: Entry, sealed: Buffer, { number = 0, parts = 1, ttlSeconds = 60 } = {}) =>
    (await call(PutVaultPart, { ...to, number, parts, ttlSeconds, bytes: sealed.toString('base64') })).state;
  const get = async ({ accountId, kind, address }: Entry, number = 0, entryId: string | null = null) => {
    const { part } = await call(GetVaultPart, { accountId, kind, address, number, entryId });
    return part && { ...part, bytes: Buffer.from(part.bytes, 'base64') };
  };
  const rowsOf = async (accountId: string) =>
    Number((await sql.query('SELECT count(*) AS n FROM entry WHERE account_id = $1', [accountId])).rows[0].n);

  beforeAll(async () => {
    vault = await startVault({ accountBytes: ACCOUNT_BYTES, sweepMs: 100 });
    sql = new pg.Client({ connectionString: vault.ownerUrl, options: '-c search_path=vault' });
    await sql.connect();
  }, 60_000);
  afterAll(async () => {
    await sql?.end();
    await vault?.stop();
  }, 30_000);

  it('gives back what it was given, byte for byte, part by part', async () => {
    const to = entry();
    const [one, two] = [randomBytes(700), randomBytes(300)];
    await expect(put(to, one, { number: 0, parts: 2 })).resolves.toBe('partial');
    await expect(get(to)).resolves.toBeNull();
    await expect(put(to, two, { number: 1, parts: 2 })).resolves.toBe('kept');
    await expect(get(to)).resolves.toEqual({ entryId: to.entryId, parts: 2, bytes: one });
    await expect(get(to, 1, to.entryId)).resolves.toMatchObject({ bytes: two });
    // The reply of the first time was lost.
    await expect(put(to, two, { number: 1, parts: 2 })).resolves.toBe('kept');
    await expect(call(GetVaultRoom, { accountId: to.accountId })).resolves.toEqual({
      kinds: [{ kind: 'answer', entries: 1, bytes: 1_000 }],
      limitBytes: ACCOUNT_BYTES,
    });
  });

  it('takes the newer of two writings, and never a part of each', async () => {
    const first = entry();
    const second = { ...first, entryId: randomUUID() };
    await put(first, Buffer.from('old'));
    await put(second, Buffer.from('new, one'), { number: 0, parts: 2 });
    await expect(get(first)).resolves.toMatchObject({ entryId: first.entryId, bytes: Buffer.from('old') });
    await put(second, Buffer.from('new, two'), { number: 1, parts: 2 });
    await expect(get(first)).resolves.toMatchObject({ entryId: second.entryId });
    await expect(get(first, 1, first.entryId)).resolves.toBeNull();
    expect(await rowsOf(first.accountId)).toBe(1);
  });

  it('knows nothing of an address under another account or another kind', async () => {
    const mine = entry();
    await put(mine, Buffer.from('mine'));
    await expect(get({ ...mine, accountId: randomUUID() })).resolves.toBeNull();
    await expect(get({ ...mine, kind: 'response' })).resolves.toBeNull();
    const { erased } = await call(EraseVault, { accountId: randomUUID(), address: mine.address });
    expect(erased).toBe(0);
    // Nor can another account write into an entry whose id it learned.
    await expect(put({ ...mine, accountId: randomUUID() }, Buffer.from('foreign'))).resolves.toBe('refused');
    await expect(get(mine)).resolves.toMatchObject({ bytes: Buffer.from('mine') });
  });

  it('forgets what is over, at once for readers and soon for good', async () => {
    const short = entry();
    await put(short, Buffer.from('short'), { ttlSeconds: 1 });
    await waitUntil(async () => (await get(short)) === null, { what: 'the end of its life' });
    await waitUntil(async () => (await rowsOf(short.accountId)) === 0, { what: 'the removal' });
    const unfinished = entry();
    await put(unfinished, Buffer.from('half'), { number: 0, parts: 2, ttlSeconds: 3_600 });
    await sql.query(`UPDATE entry SET created_at = now() - interval '1 hour' WHERE id = $1`, [unfinished.entryId]);
    await waitUntil(async () => (await rowsOf(unfinished.accountId)) === 0, { what: 'the removal of a half entry' });
    const { rows } = await sql.query('SELECT count(*) AS n FROM part WHERE entry_id = ANY($1)', [
      [short.entryId, unfinished.entryId],
    ]);
    expect(rows).toEqual([{ n: '0' }]);
  }, 30_000);

  it('keeps an account within its room: cached answers make way first, then the oldest', async () => {
    const accountId = randomUUID();
    const [oldResponse, oldAnswer, newAnswer] = [
      entry({ accountId, kind: 'response' }),
      entry({ accountId }),
      entry({ accountId }),
    ];
    for (const one of [oldResponse, oldAnswer, newAnswer]) await put(one, randomBytes(1_300));
    const response = entry({ accountId, kind: 'response' });
    await expect(put(response, randomBytes(1_300))).resolves.toBe('kept');
    await expect(get(oldAnswer)).resolves.toBeNull();
    for (const kept of [oldResponse, newAnswer, response]) await expect(get(kept)).resolves.not.toBeNull();

    const large = entry({ accountId, kind: 'response' });
    await expect(put(large, randomBytes(2_600))).resolves.toBe('kept');
    await expect(get(newAnswer)).resolves.toBeNull();
    await expect(get(oldResponse)).resolves.toBeNull();
    await expect(get(response)).resolves.not.toBeNull();

    const tooLarge = entry({ accountId });
    await expect(put(tooLarge, randomBytes(ACCOUNT_BYTES + 1))).resolves.toBe('refused');
    await expect(get(tooLarge)).resolves.toBeNull();
    for (const kept of [response, large]) await expect(get(kept)).resolves.not.toBeNull();
  });

  it('stays within the room when many write at once', async () => {
    const accountId = randomUUID();
    const writers = Array.from({ length: 12 }, () => put(entry({ accountId }), randomBytes(900)));
    expect(new Set(await Promise.all(writers))).toEqual(new Set(['kept']));
    const { rows } = await sql.query('SELECT sum(bytes)::int AS bytes FROM entry WHERE account_id = $1', [accountId]);
    expect(rows).toEqual([{ bytes: 3_600 }]);
  }, 20_000);

  it('erases what it is told to: of a key, of a kind, of the whole account', async () => {
    const accountId = randomUUID();
    const [one, two] = [randomUUID(), randomUUID()];
    const entries = [
      entry({ accountId, keyId: one }),
      entry({ accountId, keyId: two }),
      entry({ accountId, kind: 'response' }),
      entry({ accountId, kind: 'response' }),
    ];
    for (const made of entries) await put(made, Buffer.from('text'));
    await expect(call(EraseVault, { accountId, keyId: one })).resolves.toEqual({ erased: 1 });
    const [, , response] = entries;
    await expect(call(EraseVault, { accountId, kind: 'response', address: response!.address })).resolves.toEqual({
      erased: 1,
    });
    await expect(call(EraseVault, { accountId })).resolves.toEqual({ erased: 2 });
    expect(await rowsOf(accountId)).toBe(0);
  });

  it('refuses what is no part', async () => {
    await expect(put(entry(), randomBytes(8), { number: 2, parts: 2 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(put(entry(), randomBytes(MAX_VAULT_PART_BYTES + 1))).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
