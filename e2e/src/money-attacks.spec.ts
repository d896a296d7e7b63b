import { connectBus, type Bus } from '@switchyard/bus';
import { GetKeyInsurance } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import OpenAI from 'openai';
import type { Ask, Seen } from './money/clients.js';
import { FaultBench } from './money/fault-bench.js';
import { NamingOpenAI } from './money/naming-client.js';
import { CLASS_A_MODEL, CLASS_B_MODEL } from './money/fault-stack.js';
import { Tenants, type Tenant } from './money/tenants.js';
import { START_TIMEOUT_MS } from './test-stack.js';

const A_DOLLAR = 1_000_000_000n;
const DAY_MS = 24 * 3_600_000;
/** Each of them holds its bound until all have asked. */
const TOGETHER = { tokens: 20, tokensPerSecond: 0, maxTokens: 40, fault: 'delay ms=4000' } as const;

describe('attacks on money', () => {
  let bench: FaultBench;
  let tenants: Tenants;
  let bus: Bus;
  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1 });
    tenants = await Tenants.connect(bench.stack.natsUrl);
    bus = await connectBus({ servers: bench.stack.natsUrl, name: 'attacker' });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await bus?.close();
    await tenants?.close();
    await bench?.stop();
  }, START_TIMEOUT_MS);

  const padded = (prefix: string, index: number) => `${prefix}-${String(index).padStart(4, '0')}`;
  const usageOf = async (seen: Seen) =>
    (await bench.stack.books.usage()).find(({ generationId }) => generationId === seen.generationId);
  /** What a request of this shape is held with: as the ledger was told of one of the same length. */
  const boundOf = async (label: string, shape: Partial<Ask>) => {
    const probe = await bench.ask(label, { ...shape, fault: 'delay ms=0001' });
    expect(probe.how).toBe('whole');
    await waitUntil(async () => (await usageOf(probe)) !== undefined, { what: 'the probe is booked' });
    return (await usageOf(probe))!.boundNanos;
  };
  const balance = async ({ accountId }: Tenant) => {
    const [row] = await bench.stack.books.rows<{ credit: string }>(
      'SELECT (credits - debits)::text AS credit FROM ledger.account WHERE owner_id = $1',
      [accountId],
    );
    return BigInt(row?.credit ?? '0');
  };
  const manage = async (tenant: Tenant, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${bench.stack.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tenant.managementKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as { key?: string; data?: { hash: string } } };
  };
  const main = () => bench.stack.account;

  it.each([1, 5])(
    'balance for %i, 200 parallel requests over two edges: exactly so many are served, the rest get 402',
    async (k) => {
      const name = `few${k}`;
      const bound = await boundOf(padded(name, 9_999), TOGETHER);
      const poor = await tenants.create(name, bound * BigInt(k));
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          bench.ask(padded(name, index), { ...TOGETHER, key: poor.apiKey, edge: index % 2 }),
        ),
      );
      const served = answers.filter(({ how }) => how === 'whole');
      const refused = answers.filter(({ status }) => status === 402);
      expect([served.length, refused.length]).toEqual([k, 200 - k]);
      expect((await bench.money()).faults).toEqual([]);
      expect(await balance(poor)).toBeGreaterThanOrEqual(0n);
    },
    90_000,
  );

  it('balance for one that lies idle in a lease of the other edge is still good for one', async () => {
    const bound = await boundOf(padded('idle', 9_999), TOGETHER);
    const poor = await tenants.create('idle', bound + bound / 2n);
    const first = await bench.ask(padded('idle', 5_000), {
      ...TOGETHER,
      key: poor.apiKey,
      edge: 0,
      fault: 'delay ms=0001',
    });
    expect(first.how).toBe('whole');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        bench.ask(padded('idle', index), { ...TOGETHER, key: poor.apiKey, edge: 1 }),
      ),
    );
    const served = answers.filter(({ how }) => how === 'whole');
    expect([served.length, answers.filter(({ status }) => status === 402).length]).toEqual([1, 49]);
    expect((await bench.money()).faults).toEqual([]);
  }, 60_000);

  it('a budget of one dollar under 500 parallel streams never passes one dollar, and is used to the last bound', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'one dollar', limit: 1 });
    const key = body.key!;
    const shape = { key, padding: 4_000, tokens: 5, maxTokens: 20 };
    const waves: Seen[] = [];
    for (let wave = 0; wave < 20; wave += 1) {
      // The first wave is the attack; the later ones use up what it left.
      const seen = await Promise.all(
        Array.from({ length: wave === 0 ? 500 : 60 }, (_, index) =>
          bench.ask(`dollar-${wave}-${String(index).padStart(4, '0')}`, { ...shape, edge: index % 2 }),
        ),
      );
      waves.push(...seen);
      for (const { how, status, code } of seen)
        if (how !== 'whole' && status !== 503) expect([status, code]).toEqual([403, 'key_limit_exceeded']);
      if (seen.every(({ status }) => status === 403)) break;
    }
    expect((await bench.money({ timeoutMs: 60_000 })).faults).toEqual([]);
    const booked = new Map((await bench.stack.books.usage()).map((each) => [each.generationId, each]));
    const paid = waves.map(({ generationId }) => booked.get(generationId ?? '')).filter((each) => each !== undefined);
    const spent = paid.reduce((sum, { paidNanos }) => sum + paidNanos, 0n);
    expect(spent).toBeLessThanOrEqual(A_DOLLAR);
    const largest = paid.reduce((most, { boundNanos }) => (boundNanos > most ? boundNanos : most), 0n);
    // Less than one more of them would have fitted, on either of the edges.
    expect(spent).toBeGreaterThan(A_DOLLAR - 2n * largest);
  }, 180_000);

  it.each([
    ['stops billing', CLASS_A_MODEL],
    ['bills in full', CLASS_B_MODEL],
  ])(
    'a client that leaves at any phase pays at most its bound, at a provider that %s',
    async (name, model) => {
      const shape = { models: [model], tokens: 40, tokensPerSecond: 80, maxTokens: 60 };
      const kind = name.replaceAll(' ', '-');
      const phases = [
        ...[0, 1, 2, 4, 8, 16, 32].map((ms) => ({ kind: 'leave after', ms }) as const),
        ...[1, 2, 20, 40, 41, 42, 43].map((chunk) => ({ kind: 'leave at chunk', chunk }) as const),
      ];
      await Promise.all(
        phases.flatMap((behaviour, index) => [
          bench.ask(`leave-${kind}-${index}`, { ...shape, behaviour, edge: index % 2 }),
          bench.ask(`slow-to-start-${kind}-${index}`, { ...shape, behaviour, edge: index % 2, fault: 'delay ms=300' }),
        ]),
      );
      const money = await bench.money({ timeoutMs: 60_000 });
      expect(money.faults).toEqual([]);
    },
    90_000,
  );

  it.each(['-1', '0', '"NaN"', '1e300', '9223372037', '"0x10"', '1e-12', 'null', '[]', '"1.0000000001"'])(
    'a deposit of %s is refused or moves exactly what it says',
    async (amount) => {
      const before = await bench.stack.books.totals();
      const { status } = await manage(
        main(),
        'POST',
        '/deposits',
        `{"amount":${amount},"external_id":"attack-${amount.length}"}`,
      );
      const after = await bench.stack.books.totals();
      expect([status, after.deposited - before.deposited]).toEqual([expect.any(Number), 0n]);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );

  it('a webhook that nobody signed moves no money, also when payments are switched off', async () => {
    const before = await bench.stack.books.totals();
    const event = {
      id: 'evt_forged',
      type: 'checkout.session.completed',
      data: { object: { id: 'cs_forged', payment_status: 'paid', amount_total: 100_000, currency: 'usd' } },
    };
    for (const signature of ['', 't=1,v1=00', `t=${Math.trunc(Date.now() / 1_000)},v1=${'0'.repeat(64)}`]) {
      const response = await fetch(`${bench.stack.baseUrl}/webhooks/stripe`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'stripe-signature': signature },
        body: JSON.stringify(event),
      });
      expect(response.status).toBeGreaterThanOrEqual(400);
    }
    expect((await bench.stack.books.totals()).deposited).toBe(before.deposited);
  });

  it('a limit lowered below what is spent stops the key on every edge within a second, and breaks no invariant', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'lowered', limit: 1 });
    const key = body.key!;
    const shape = { key, padding: 2_000, tokens: 5, maxTokens: 20 };
    for (const edge of [0, 1]) expect((await bench.ask(`lower-before-${edge}`, { ...shape, edge })).how).toBe('whole');
    const running = bench.ask('lower-running', { ...shape, tokens: 100, maxTokens: 120, tokensPerSecond: 40, edge: 0 });
    await waitUntil(
      async () =>
        (await bench.stack.upstreamBook()).some((entry) => entry.label === 'lower-running' && entry.outputTokens > 0),
      { what: 'the stream runs' },
    );
    expect((await manage(main(), 'PATCH', `/keys/${body.data!.hash}`, { limit: 0.000001 })).status).toBe(200);
    await waitUntil(
      async () =>
        (await Promise.all([0, 1].map((edge) => bench.ask(nextLabel('lower-after'), { ...shape, edge })))).every(
          ({ status, code }) => status === 403 && code === 'key_limit_exceeded',
        ),
      { what: 'both edges refuse', timeoutMs: 3_000, intervalMs: 100 },
    );
    expect((await running).how).toBe('whole');
    expect((await bench.money()).faults).toEqual([]);
  }, 60_000);

  it('a key deleted in mid-stream: the stream ends whole, its money settles, and its lease comes back', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'deleted' });
    const stream = bench.ask('deleted-stream', { key: body.key!, tokens: 80, tokensPerSecond: 40, maxTokens: 100 });
    await waitUntil(
      async () =>
        (await bench.stack.upstreamBook()).some((entry) => entry.label === 'deleted-stream' && entry.outputTokens > 2),
      { what: 'the stream runs' },
    );
    expect((await manage(main(), 'DELETE', `/keys/${body.data!.hash}`)).status).toBe(200);
    const seen = await stream;
    expect(seen.how).toBe('whole');
    expect((await bench.money()).faults).toEqual([]);
    expect(await usageOf(seen)).toMatchObject({ outcome: 'final', paidNanos: seen.costNanos });
  }, 60_000);

  it('a day that ends in mid-stream: the stream counts to the day that admitted it, and the new day starts at zero', async () => {
    const { books } = bench.stack;
    const { body } = await manage(main(), 'POST', '/keys', { name: 'midnight', limit: 1, limit_reset: 'daily' });
    const key = body.key!;
    const budgets = () =>
      books.rows<{ spent: string; reserved: string }>(
        `SELECT b.spent::text, b.reserved::text FROM ledger.budget b WHERE b.period = 'daily' AND b.cap = 1000000000
         AND EXISTS (SELECT 1 FROM ledger.lease_scope s JOIN ledger.lease l ON l.id = s.lease_id JOIN ledger.usage u ON u.lease_id = l.id
                     WHERE (s.scope_id, s.period, s.window_start) = (b.scope_id, b.period, b.window_start) AND u.generation_id = ANY ($1))
         ORDER BY b.window_start`,
        [ids],
      );
    const ids: string[] = [];
    const stream = bench.ask('midnight-stream', { key, tokens: 100, tokensPerSecond: 40, maxTokens: 150 });
    await waitUntil(
      async () =>
        (await bench.stack.upstreamBook()).some((entry) => entry.label === 'midnight-stream' && entry.outputTokens > 2),
      { what: 'the stream runs' },
    );
    const clock = (ms: number) =>
      books.rows(
        `CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
         'SELECT clock_timestamp() + interval ''${ms} milliseconds'''`,
      );
    await clock(DAY_MS);
    try {
      const before = await stream;
      expect(before.how).toBe('whole');
      const after = await bench.ask('midnight-after', { key, edge: 1 });
      expect(after.how).toBe('whole');
      ids.push(before.generationId!, after.generationId!);
      expect((await bench.money()).faults).toEqual([]);
      const spent = (await budgets()).map((row) => BigInt(row.spent));
      expect(spent).toEqual([(await usageOf(before))!.paidNanos, (await usageOf(after))!.paidNanos]);
    } finally {
      await clock(0);
    }
  }, 60_000);

  it('answers that come to nothing are free, and who asks for many of them shows', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'blank' });
    const key = body.key!;
    const blanks = await Promise.all(
      Array.from({ length: 6 }, (_, index) => bench.ask(`blank-${index}`, { key, fault: 'blank', tokens: 1 })),
    );
    for (const { how } of blanks) expect(how).not.toBe('whole');
    // An error inside the answer comes after it has begun, so it is booked: insured.
    const broken = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        bench.ask(`broken-${index}`, { key, fault: 'error_event after=3', tokens: 10, tokensPerSecond: 50 }),
      ),
    );
    for (const { how } of broken) expect(how).toBe('error event');
    const money = await bench.money();
    expect(money.faults).toEqual([]);
    // What costs nobody anything is waited for by no balance.
    await waitUntil(async () => (await usageOf(broken[0]!)) !== undefined, { what: 'the insured usage is booked' });
    const [row] = await bench.stack.books.rows<{ id: string }>(
      'SELECT DISTINCT key_id AS id FROM ledger.usage WHERE generation_id = $1',
      [broken[0]!.generationId],
    );
    const { keys } = await bus.rpc.call(GetKeyInsurance, { keyIds: [row!.id], days: 1 }, { timeoutMs: 5_000 });
    expect(keys[0]!.insured).toBeGreaterThanOrEqual(4);
    expect(keys[0]!.insuredCostNanos).toBeGreaterThan(0n);
  }, 60_000);

  /** How often the provider was asked. */
  const bookedUnder = async (label: string) =>
    (await bench.stack.upstreamBook()).filter((entry) => entry.label === label).length;

  it('one idempotency key in 20 parallel requests over two edges: one is served and billed, 19 get 409', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'idempotent' });
    const shape = { ...TOGETHER, key: body.key!, idempotencyKey: 'order 41' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.askAside('named', { ...shape, edge: index % 2 })),
    );
    const served = answers.filter(({ how }) => how === 'whole');
    expect(served).toHaveLength(1);
    bench.seen.push(...served);
    const refused = answers.filter(({ status, code }) => status === 409 && code === 'idempotency_key_in_use');
    expect(refused).toHaveLength(19);
    expect(await bookedUnder('named')).toBe(1);
    expect((await bench.money()).faults).toEqual([]);
    expect(await usageOf(served[0]!)).toMatchObject({ outcome: 'final', paidNanos: served[0]!.costNanos });
    const afterwards = await Promise.all([0, 1].map((edge) => bench.askAside('named', { ...shape, edge })));
    expect(afterwards.map(({ status, code }) => [status, code])).toEqual(
      Array.from({ length: 2 }, () => [409, 'idempotency_key_done']),
    );
    const rows = await bench.stack.books.rows<{ count: string }>(
      `SELECT count(*) FROM ledger.usage u JOIN ledger.idempotency i ON i.key_id = u.key_id WHERE i.key = 'order 41'`,
    );
    expect(rows[0]!.count).toBe('1');
  }, 60_000);

  it('an idempotency key with another body is refused on every edge, before and after the first is done, and bills nothing', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'mismatch' });
    const shape = { key: body.key!, idempotencyKey: 'order 42' };
    const first = bench.ask('first-body', { ...shape, ...TOGETHER });
    await waitUntil(async () => (await bookedUnder('first-body')) > 0, { what: 'the first runs' });
    const otherwise = () =>
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          bench.askAside('other-body', { ...shape, ...TOGETHER, tokens: 5, edge: index % 2 }),
        ),
      );
    const answers = await otherwise();
    expect((await first).how).toBe('whole');
    expect((await bench.money()).faults).toEqual([]);
    answers.push(...(await otherwise()));
    expect(answers.map(({ status, code }) => [status, code])).toEqual(
      Array.from({ length: 20 }, () => [422, 'idempotency_key_mismatch']),
    );
    expect(await bookedUnder('other-body')).toBe(0);
    expect((await bench.money()).faults).toEqual([]);
  }, 60_000);

  it('a request that failed may be tried again under its key, on the other edge, and is billed once', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'once more', limit: 0.000001 });
    const key = body.key!;
    const ask = (edge: number) =>
      bench.askAside('once-more', { key, edge, idempotencyKey: 'order 43', padding: 2_000, tokens: 5, maxTokens: 20 });
    for (const edge of [0, 1, 0]) expect((await ask(edge)).code).toBe('key_limit_exceeded');
    expect((await manage(main(), 'PATCH', `/keys/${body.data!.hash}`, { limit: 1 })).status).toBe(200);
    const tries: Seen[] = [];
    const isServed = async () => {
      tries.push(await ask(1));
      return tries.at(-1)?.how === 'whole';
    };
    await waitUntil(isServed, { what: 'it is served', intervalMs: 100 });
    const served = tries.at(-1)!;
    bench.seen.push(served);
    expect((await bench.money()).faults).toEqual([]);
    expect(await usageOf(served)).toMatchObject({ outcome: 'final', paidNanos: served.costNanos });
    expect(await bookedUnder('once-more')).toBe(1);
    expect((await ask(0)).code).toBe('idempotency_key_done');
  }, 60_000);

  it('OpenAI’s client with an idempotency key is answered once, tries a failure again by itself, and a refusal not', async () => {
    const { body } = await manage(main(), 'POST', '/keys', { name: 'client' });
    const [client, other] = bench.stack.edgeUrls.map(
      (url) => new NamingOpenAI({ baseURL: `${url}/api/v1`, apiKey: body.key!, maxRetries: 2 }),
    );
    const create = (from: OpenAI | undefined, label: string, fault: string, idempotencyKey: string) =>
      from!.chat.completions
        .create(
          {
            model: CLASS_A_MODEL,
            max_tokens: 20,
            messages: [{ role: 'user', content: `Go on. [[fault: label=${label} tokens=3 tps=0${fault}]]` }],
          },
          { idempotencyKey },
        )
        .withResponse();
    const answered = await create(client, 'client-once', '', 'client 1');
    const refused: unknown = await create(other, 'client-once', '', 'client 1').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpenAI.ConflictError);
    expect(refused).toMatchObject({
      error: { metadata: { generation_id: answered.response.headers.get('x-generation-id') } },
    });
    expect(await bookedUnder('client-once')).toBe(1);
    // Three tries of the client: each was released, or the second would be told 409.
    await expect(create(client, 'client-failing', ' status=500', 'client 2')).rejects.toMatchObject({ status: 502 });
  }, 60_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);

  let labels = 0;
  const nextLabel = (prefix: string) => `${prefix}-${(labels += 1)}`;
});
