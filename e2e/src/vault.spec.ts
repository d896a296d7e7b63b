import { randomBytes } from 'node:crypto';
import { waitUntil } from '@switchyard/testing';
import { Client } from 'pg';
import OpenAI from 'openai';
import { say } from './client-failures.js';
import { tablesWith } from './leaks.js';
import { Tenants, type Tenant } from './money/tenants.js';
import { storedResponses } from './stored-response-cases.js';
import { as, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

const ON: Record<string, string> = { 'x-openrouter-cache': 'true' };
const USD = 1_000_000_000n;
const CANARY = `canary${randomBytes(8).toString('hex')}`;

/** One request of every format that is cached, with what its client asks for. */
const FORMATS: readonly (readonly [string, string, object])[] = [
  ['chat completions', '/chat/completions', { model: 'sandbox/echo', messages: say(`${CANARY} chat`), max_tokens: 40 }],
  ['responses', '/responses', { model: 'sandbox/echo', input: `${CANARY} responses`, max_output_tokens: 40 }],
  ['messages', '/messages', { model: 'sandbox/echo', messages: say(`${CANARY} messages`), max_tokens: 40 }],
  ['completions', '/completions', { model: 'sandbox/echo', prompt: `${CANARY} completions`, max_tokens: 40 }],
  ['embeddings', '/embeddings', { model: 'sandbox/embed', input: `${CANARY} embeddings` }],
];

describe('what accounts let be kept, through the whole system', () => {
  let stack: TestStack;
  let tenants: Tenants;
  let tenant: Tenant;
  let sql: Client;

  beforeAll(async () => {
    stack = await startTestStack({ edges: 2, vault: true, environment: { VAULT_SWEEP_MS: '200' } });
    tenants = await Tenants.connect(stack.natsUrl);
    tenant = await tenants.create('cache', USD);
    sql = new Client({ connectionString: stack.databaseUrl });
    await sql.connect();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await sql?.end();
    await tenants?.close();
    await stack?.stop();
  }, START_TIMEOUT_MS);

  const ask = (path: string, body: object, { key = tenant.apiKey, edge = 0, headers = ON } = {}) =>
    stack.api(path, { method: 'POST', body: JSON.stringify(body), key, edge, headers });
  const status = ({ headers }: { headers: Headers }) => headers.get('x-openrouter-cache-status');
  const spentUsd = async () => as<number>((await stack.api('/key', { key: tenant.apiKey })).body['data']?.['usage']);
  const violations = async () => (await stack.api('/audit')).body['data']?.['violations'];
  /** What comes once the edge that made it has stored it. */
  const hit = async <Answer extends { headers: Headers }>(once: () => Promise<Answer>): Promise<Answer> => {
    let answer: Answer | undefined;
    await waitUntil(async () => status((answer = await once())) === 'HIT', { what: 'a hit', timeoutMs: 30_000 });
    return answer!;
  };
  const content = (path: string, { body }: { body: Json }): unknown =>
    body[{ '/responses': 'output', '/messages': 'content', '/embeddings': 'data' }[path] ?? 'choices'];
  /** Ids of what an answer consists of are its own. */
  const withoutIds = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (name, inner: unknown) => (name === 'id' ? undefined : inner)));

  it.each(FORMATS)('gives an answer of %s again on another edge, for nothing', async (_, path, body) => {
    const made = await ask(path, body);
    expect([made.status, status(made)]).toEqual([200, 'MISS']);
    const again = await hit(() => ask(path, body, { edge: 1 }));
    expect(again.status).toBe(200);
    expect(withoutIds(content(path, again))).toEqual(withoutIds(content(path, made)));
    expect(as<object>(again.body['usage'])).toMatchObject({ cost: 0 });
    const source = again.headers.get('x-openrouter-cache-source-id');
    const id = again.headers.get('x-generation-id')!;
    expect(id).not.toBe(source);
    const { body: record } = await stack.api(`/generation?id=${id}`, { key: tenant.apiKey, edge: 1 });
    expect(record['data']).toMatchObject({ total_cost: 0, response_cache_source_id: source, attempts: [] });
  });

  it('replays a stream to the official client', async () => {
    const request = {
      model: 'sandbox/echo',
      messages: say(`${CANARY} streamed`),
      max_tokens: 40,
      stream: true,
    } as const;
    const client = (edge: number) =>
      new OpenAI({
        apiKey: tenant.apiKey,
        baseURL: `${stack.edgeUrls[edge]}/api/v1`,
        maxRetries: 0,
        defaultHeaders: ON,
      });
    const read = async (edge: number) => {
      const { data, response } = await client(edge).chat.completions.create(request).withResponse();
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of data) chunks.push(chunk);
      return { chunks, headers: response.headers };
    };
    const made = await read(0);
    const again = await hit(() => read(1));
    const text = (chunks: readonly OpenAI.ChatCompletionChunk[]) =>
      chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text(again.chunks)).toBe(text(made.chunks));
    expect(text(again.chunks)).toContain(CANARY);
    expect(new Set(again.chunks.map(({ id }) => id))).toEqual(new Set([again.headers.get('x-generation-id')]));
    expect(again.chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0 });
  });

  it('belongs to one key: neither another of the account nor another account gets it', async () => {
    const [, path, body] = FORMATS[0]!;
    await hit(() => ask(path, body));
    const { secret: sibling } = await tenants.key(tenant.accountId, { name: 'sibling' });
    const other = await tenants.create('other', USD);
    expect(status(await ask(path, body, { key: sibling }))).toBe('MISS');
    expect(status(await ask(path, body, { key: other.apiKey, edge: 1 }))).toBe('MISS');
    expect(status(await ask(path, body, { headers: {} }))).toBeNull();
  });

  it('follows the settings of a key, which its owner changes', async () => {
    const body = JSON.stringify({ name: 'kept', cache_enabled: true, cache_ttl_seconds: 77 });
    const { body: made } = await stack.api('/keys', { method: 'POST', body, key: tenant.managementKey });
    const key = as<string>(made['key']);
    const request = { model: 'sandbox/echo', messages: say('settings'), max_tokens: 40 };
    const first = await ask('/chat/completions', request, { key, headers: {} });
    expect([status(first), first.headers.get('x-openrouter-cache-ttl')]).toEqual(['MISS', '77']);
    await hit(() => ask('/chat/completions', request, { key, headers: {}, edge: 1 }));
    const hash = as<string>(made['data']?.['hash']);
    const off = JSON.stringify({ cache_enabled: false });
    await stack.api(`/keys/${hash}`, { method: 'PATCH', body: off, key: tenant.managementKey });
    const silenced = async () => status(await ask('/chat/completions', request, { key, edge: 1 })) === null;
    await waitUntil(silenced, { what: 'the key says no on every edge' });
  });

  it('forgets after the life that was asked for, in the database too', async () => {
    const request = { model: 'sandbox/echo', messages: say('short life'), max_tokens: 40 };
    const { accountId, apiKey: key } = await tenants.create('short', USD);
    const lives = async () => {
      const sqlText = `SELECT extract(epoch FROM expires_at - created_at)::int AS s FROM vault.entry WHERE account_id = $1`;
      return (await sql.query<{ s: number }>(sqlText, [accountId])).rows.map(({ s }) => s);
    };
    await ask('/chat/completions', request, { key, headers: { ...ON, 'x-openrouter-cache-ttl': '1234' } });
    await waitUntil(async () => (await lives()).length === 1, { what: 'the entry' });
    expect(await lives()).toEqual([1234]);
    await sql.query('UPDATE vault.entry SET expires_at = now() WHERE account_id = $1', [accountId]);
    expect(status(await ask('/chat/completions', request, { key, edge: 1, headers: ON }))).toBe('MISS');
    await sql.query('UPDATE vault.entry SET expires_at = now() WHERE account_id = $1', [accountId]);
    await waitUntil(async () => !(await lives()).includes(1234), { what: 'the removal', timeoutMs: 30_000 });
  }, 60_000);

  it('costs what was made and no more, and the books agree', async () => {
    const request = { model: 'sandbox/echo', messages: say('money'), max_tokens: 40 };
    const { apiKey: key } = await tenants.create('money', USD);
    const made = await ask('/chat/completions', request, { key });
    const { cost } = as<{ cost: number }>(made.body['usage']);
    expect(cost).toBeGreaterThan(0);
    for (let turn = 0; turn < 5; turn += 1) await hit(() => ask('/chat/completions', request, { key, edge: turn % 2 }));
    const usage = async () => as<number>((await stack.api('/key', { key })).body['data']?.['usage']);
    await waitUntil(async () => (await usage()) > 0, { what: 'the bill' });
    // A miss on the other edge, before the entry was stored, would be a bill of its own: whole bills only.
    expect(((await usage()) / cost) % 1).toBeCloseTo(0, 6);
    expect(await violations()).toEqual([]);
    expect(await spentUsd()).toBeGreaterThan(0);
  });

  it('lies in the database as ciphertext alone', async () => {
    const { rows } = await sql.query('SELECT 1 FROM vault.part');
    expect(rows.length).toBeGreaterThan(0);
    expect(await tablesWith(stack.databaseUrl, CANARY)).toEqual([]);
  }, 30_000);

  storedResponses(() => ({ stack, tenants, sql, canary: CANARY }));

  it('is a miss where an entry was damaged, and while the vault is dead', async () => {
    const request = { model: 'sandbox/echo', messages: say('damage'), max_tokens: 40 };
    const { accountId, apiKey: key } = await tenants.create('damage', USD);
    await ask('/chat/completions', request, { key });
    await hit(() => ask('/chat/completions', request, { key, edge: 1 }));
    // Again and again, because an edge may just be storing what it made.
    const missed = async () => {
      await sql.query(
        `UPDATE vault.part SET sealed = set_byte(sealed, 40, (get_byte(sealed, 40) + 1) % 256)
          FROM vault.entry WHERE entry.id = part.entry_id AND entry.account_id = $1`,
        [accountId],
      );
      const answer = await ask('/chat/completions', request, { key, edge: 1 });
      expect(answer.status).toBe(200);
      return status(answer) === 'MISS';
    };
    await waitUntil(missed, { what: 'a miss' });

    const vault = stack.processes.find(({ name }) => name === 'vault')!;
    await vault.stop(5_000);
    const fresh = { model: 'sandbox/echo', messages: say('dead'), max_tokens: 40 };
    for (const edge of [0, 1]) {
      const answer = await ask('/chat/completions', fresh, { key, edge });
      expect([answer.status, status(answer)]).toEqual([200, 'MISS']);
    }
    expect(await violations()).toEqual([]);
  }, 60_000);
});
