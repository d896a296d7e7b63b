import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { FaultBench } from './money/fault-bench.js';
import { SHORT_TIMES } from './money/fault-stack.js';
import { Tenants, type Tenant } from './money/tenants.js';
import { smallAsk } from './money/traffic.js';
import { START_TIMEOUT_MS } from './test-stack.js';

const A_DOLLAR = 1_000_000_000n;
const MAX_CONNECTIONS = 200;

describe('when PostgreSQL crashes, is away, or is blocked', () => {
  let bench: FaultBench;
  let tenants: Tenants;
  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1 });
    tenants = await Tenants.connect(bench.stack.natsUrl);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await tenants?.close();
    await bench?.stop();
  }, START_TIMEOUT_MS);

  it('an immediate restart under load: clients with a lease see nothing', async () => {
    const { stack } = bench;
    const seen = await bench.during({ name: 'pg-immediate', wants: smallAsk }, async () => {
      for (let round = 0; round < 2; round += 1) {
        await stack.postgres.process.stop('SIGQUIT');
        await stack.postgres.restart();
        await sleep(1_000);
      }
    });
    expect(seen.filter(({ how }) => how !== 'whole' && how !== 'left')).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('away for longer than a lease lives: served until then, afterwards 503 with Retry-After, and well again by itself', async () => {
    const { stack } = bench;
    let awayAtMs = 0;
    let backAtMs = 0;
    const seen = await bench.during({ name: 'pg-away', clients: 10 }, async () => {
      await stack.postgres.kill9();
      awayAtMs = performance.now();
      await sleep(SHORT_TIMES.leaseTtlMs + 4_000);
      await stack.postgres.restart();
      backAtMs = performance.now();
      await sleep(3_000);
    });
    const during = seen.filter(({ startedAtMs, endedAtMs }) => startedAtMs > awayAtMs && endedAtMs < backAtMs);
    // Renewal is at half of the lifetime, so at least that much was left when the database went.
    const first = during.filter(({ startedAtMs }) => startedAtMs < awayAtMs + SHORT_TIMES.leaseTtlMs / 2 - 1_000);
    expect(first.filter(({ how }) => how === 'http error')).toEqual([]);
    const refused = during.filter(({ how }) => how === 'http error');
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, code } of refused) expect([status, code]).toEqual([503, 'service_unavailable']);
    expect(seen.some(({ how, startedAtMs }) => how === 'whole' && startedAtMs > backAtMs)).toBe(true);
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 120_000);

  it('one account locked for seconds: its own new leases wait and are told so, others are served, connections do not pile up', async () => {
    const { stack } = bench;
    const [locked, free] = await Promise.all([tenants.create('locked', A_DOLLAR), tenants.create('free', A_DOLLAR)]);
    const lock = new Client({ connectionString: stack.postgres.url });
    await lock.connect();
    try {
      await lock.query('BEGIN');
      await lock.query('SELECT 1 FROM ledger.account WHERE owner_id = $1 FOR UPDATE', [locked.accountId]);
      const startedMs = performance.now();
      const answers = await Promise.all([
        ...Array.from({ length: 20 }, (_, index) => chat(stack.edgeUrls[index % 2]!, locked)),
        ...Array.from({ length: 20 }, (_, index) => chat(stack.edgeUrls[index % 2]!, free)),
      ]);
      const tookMs = performance.now() - startedMs;
      expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503));
      for (const answer of answers.slice(0, 20)) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answers.slice(20).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(tookMs).toBeLessThan(15_000);
      const [sessions] = await stack.books.rows<{ count: string }>(
        `SELECT count(*) FROM pg_stat_activity WHERE usename = 'ledger_app'`,
      );
      // The pools of grants, usage and audit, and nothing more.
      expect(Number(sessions?.count)).toBeLessThanOrEqual(20);
      await lock.query('ROLLBACK');
    } finally {
      await lock.end();
    }
    await eventually(() => chat(stack.edgeUrls[0]!, locked));
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('no connection left for anybody: keys with a lease go on, usage waits and is booked later', async () => {
    const { stack } = bench;
    const hoard: Client[] = [];
    const stranger = await tenants.create('first use without connections', A_DOLLAR);
    try {
      const seen = await bench.during({ name: 'pg-connections', clients: 8 }, async () => {
        await takeAll(stack.postgres.url, hoard);
        // The services lose what they had, as after a failover, and find no room when they come back.
        await hoard[0]!.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('ledger_app', 'auth_app', 'registry_app')`,
        );
        await takeAll(stack.postgres.url, hoard);
        const answer = await chat(stack.edgeUrls[0]!, stranger);
        expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
        await Promise.all(hoard.splice(0).map((client) => client.end()));
      });
      expect(seen.filter(({ how }) => how === 'whole').length).toBeGreaterThan(0);
    } finally {
      await Promise.all(hoard.map((client) => client.end()));
    }
    await eventually(() => chat(stack.edgeUrls[0]!, stranger));
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 120_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});

const chat = (edgeUrl: string, { apiKey }: Tenant): Promise<Response> =>
  fetch(`${edgeUrl}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sandbox/echo', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }),
  });

async function eventually(work: () => Promise<Response>, tries = 20): Promise<void> {
  for (let left = tries; left > 0; left -= 1) {
    if ((await work()).status === 200) return;
    await sleep(500);
  }
  throw new Error(`not served after ${tries} tries`);
}

/** Opens connections until the server has no more. */
async function takeAll(url: string, hoard: Client[]): Promise<void> {
  while (hoard.length <= MAX_CONNECTIONS) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      hoard.push(client);
    } catch {
      return;
    }
  }
}
