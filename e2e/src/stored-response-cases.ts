import OpenAI from 'openai';
import type { Client } from 'pg';
import { tablesWith } from './leaks.js';
import type { Tenant, Tenants } from './money/tenants.js';
import { casesOf } from './recorded-cases.js';
import { as, type TestStack } from './test-stack.js';

/** What the cases need of the stack that they share with others; asked for when they run. */
export interface Surroundings {
  readonly stack: TestStack;
  readonly tenants: Tenants;
  readonly sql: Client;
  /** A text that is nobody else's. */
  readonly canary: string;
}

const USD = 1_000_000_000n;
const MODEL = 'sandbox/echo';

/** OpenAI's `store` and `previous_response_id`, through its own client. */
export function storedResponses(around: () => Surroundings): void {
  /** An account with a key that stores, made by the account itself. */
  const keeper = async (name: string): Promise<Tenant> => {
    const { stack, tenants } = around();
    const tenant = await tenants.create(name, USD);
    const body = JSON.stringify({ name, store_responses: true });
    const made = await stack.api('/keys', { method: 'POST', body, key: tenant.managementKey });
    expect(made.status).toBe(201);
    return { ...tenant, apiKey: as<string>(made.body['key']) };
  };
  const client = ({ apiKey }: Tenant, edge = 0) =>
    new OpenAI({ apiKey, baseURL: `${around().stack.edgeUrls[edge]}/v1`, maxRetries: 0 });
  const listed = async (openai: OpenAI, id: string) => {
    const items: OpenAI.Responses.ResponseItem[] = [];
    for await (const item of openai.responses.inputItems.list(id, { order: 'asc', limit: 2 })) items.push(item);
    return items;
  };

  it('carries a conversation on by its id, whole and streamed, on another edge', async () => {
    const { canary } = around();
    const tenant = await keeper('conversation');
    const first = await client(tenant).responses.create({ model: MODEL, input: `${canary} one`, store: true });
    expect(first).toMatchObject({ store: true, previous_response_id: null, status: 'completed' });
    const stream = await client(tenant, 1).responses.create({
      model: MODEL,
      input: 'two',
      previous_response_id: first.id,
      stream: true,
    });
    let second: OpenAI.Responses.Response | undefined;
    for await (const event of stream) if (event.type === 'response.completed') second = event.response;
    expect(second).toMatchObject({ store: true, previous_response_id: first.id });
    // The whole conversation is the prompt, and is paid for as such.
    expect(second!.usage!.input_tokens).toBeGreaterThan(first.usage!.input_tokens + first.usage!.output_tokens);

    const again = await client(tenant).responses.retrieve(second!.id);
    expect(again).toEqual(expect.objectContaining({ id: second!.id, output: second!.output, usage: second!.usage }));
    const items = await listed(client(tenant), second!.id);
    expect(items.map((item) => ('role' in item ? item.role : item.type))).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(items[0])).toContain(`${canary} one`);
  });

  const [thinking] = casesOf('anthropic', 'reasoning', false).filter(({ case: name }) => name.startsWith('chat'));
  const recorded = thinking ? it : it.skip;
  recorded('gives signed reasoning back to its maker (needs the recordings)', async () => {
    const { stack } = around();
    const tenant = await keeper('reasoning');
    await stack.upstream.replay({ provider: 'anthropic', case: thinking!.case });
    const ask = { model: 'anthropic/claude-haiku-4.5', input: 'Think.', provider: { only: ['anthropic'] } };
    const first = await client(tenant).responses.create(ask);
    const thought = first.output.find((item) => item.type === 'reasoning');
    expect(thought?.encrypted_content).toEqual(expect.any(String));
    const second = await client(tenant, 1).responses.create({
      ...ask,
      input: 'Go on.',
      previous_response_id: first.id,
    });
    const kept = await listed(client(tenant), second.id);
    expect(kept.find(({ type }) => type === 'reasoning')).toEqual(thought);
    const { body } = await stack.api(`/generation?id=${second.id}`, { key: tenant.apiKey, edge: 1 });
    expect(as<object[]>(body['data']?.['attempts'])).toEqual([
      expect.objectContaining({ provider_name: 'Anthropic', stripped_reasoning: 0, outcome: 'success' }),
    ]);
  });

  it('is nobody else’s: neither read nor continued nor deleted by another account', async () => {
    const [owner, stranger] = [await keeper('owner'), await keeper('stranger')];
    const { id } = await client(owner).responses.create({ model: MODEL, input: 'mine' });
    const foreign = client(stranger, 1).responses;
    await expect(foreign.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(foreign.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
    await expect(foreign.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(foreign.create({ model: MODEL, input: 'x', previous_response_id: id })).rejects.toMatchObject({
      status: 400,
    });
    await expect(client(owner).responses.retrieve(id)).resolves.toMatchObject({ id });
  }, 30_000);

  it('is deleted by its owner, one by one and all at once, in the database too', async () => {
    const { stack, sql } = around();
    const tenant = await keeper('deletion');
    const entries = async () =>
      (await sql.query('SELECT 1 FROM vault.entry WHERE account_id = $1', [tenant.accountId])).rows.length;
    const { responses } = client(tenant);
    const [one, two] = [
      await responses.create({ model: MODEL, input: 'one' }),
      await responses.create({ model: MODEL, input: 'two' }),
    ];
    await responses.retrieve(two.id);
    await responses.delete(one.id);
    await expect(client(tenant, 1).responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
    await client(tenant, 1).responses.retrieve(two.id);
    expect(await entries()).toBe(1);
    const { body } = await stack.api('/storage', { method: 'DELETE', key: tenant.managementKey });
    expect(body['data']).toEqual({ erased: 1 });
    expect(await entries()).toBe(0);
    await expect(client(tenant, 1).responses.retrieve(two.id)).rejects.toMatchObject({ status: 404 });
  }, 30_000);

  it('is refused by name for keys that nobody switched on', async () => {
    const { stack, tenants } = around();
    const tenant = await tenants.create('off', USD);
    for (const fields of [{ store: true }, { previous_response_id: 'gen-1' }]) {
      const asked = client(tenant).responses.create({ model: MODEL, input: 'x', ...fields });
      await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining('nothing is stored') });
    }
    const { id, store } = (await client(tenant).responses.create({ model: MODEL, input: 'x' })) as {
      id: string;
      store?: boolean;
    };
    expect(store).toBe(false);
    await expect(client(tenant).responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    expect((await stack.api('/audit')).body['data']?.['violations']).toEqual([]);
  }, 30_000);

  it('lies in the database as ciphertext alone, too', async () => {
    const { stack, canary, sql } = around();
    const { rows } = await sql.query(`SELECT 1 FROM vault.entry WHERE kind = 'response' AND complete`);
    expect(rows.length).toBeGreaterThan(0);
    expect(await tablesWith(stack.databaseUrl, canary)).toEqual([]);
  }, 30_000);
}
