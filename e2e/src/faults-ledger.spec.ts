import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { serviceDefinition, type ManagedProcess } from '@switchyard/local';
import { waitUntil } from '@switchyard/testing';
import { untilReady } from './chaos/blows.js';
import { FaultBench } from './money/fault-bench.js';
import { Tenants, type Tenant } from './money/tenants.js';
import { smallAsk } from './money/traffic.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** Leases outlive what happens to the ledger here; a batch that died is delivered again after two seconds. */
const TIMES = { LEASE_TTL_MS: '20000', USAGE_ACK_WAIT_MS: '2000' };
const FROZEN_MS = 7_000;
const A_DOLLAR = 1_000_000_000n;
/** Two questions of two seconds each, and a busy machine. */
const PATIENCE_MS = 6_000;

describe('when the ledger dies, freezes or has a twin', () => {
  let bench: FaultBench;
  let tenants: Tenants;
  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1, environment: TIMES });
    tenants = await Tenants.connect(bench.stack.natsUrl);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await tenants?.close();
    await bench?.stop();
  }, START_TIMEOUT_MS);

  const statuses = (seen: readonly { how: string }[]) => [...new Set(seen.map(({ how }) => how))].sort();

  it('frozen for seconds: keys with a lease notice nothing, a new key gets 503 with Retry-After, the backlog drains', async () => {
    const { stack } = bench;
    const stranger = await tenants.create('first use while the ledger sleeps', A_DOLLAR);
    let waitedMs = 0;
    let refusal: Response | undefined;
    // Both edges get their lease, and room for what comes.
    await bench.during({ name: 'ledger-warm', clients: 24 }, () => sleep(1_500));
    const seen = await bench.during({ name: 'ledger-frozen', clients: 12, wants: smallAsk }, async () => {
      const thawed = stack.freeze('ledger', FROZEN_MS);
      const startedMs = performance.now();
      refusal = await chatWith(stack.edgeUrls[0]!, stranger);
      waitedMs = performance.now() - startedMs;
      await thawed;
    });
    expect(statuses(seen).filter((how) => how !== 'left')).toEqual(['whole']);
    expect(refusal?.status).toBe(503);
    expect(Number(refusal?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(waitedMs).toBeLessThan(PATIENCE_MS);
    expect((await chatWith(stack.edgeUrls[0]!, stranger)).status).toBe(200);
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('kill -9 in the middle of a batch: it is delivered again, and nothing is captured twice', async () => {
    const { stack } = bench;
    const lock = new Client({ connectionString: stack.postgres.url });
    await lock.connect();
    try {
      const seen = await bench.during({ name: 'ledger-batch', clients: 6 }, async () => {
        // The table of keys' spending is the last that a batch writes: it stands with everything else done and nothing committed.
        await lock.query('BEGIN');
        await lock.query('LOCK TABLE ledger.key_spend IN ACCESS EXCLUSIVE MODE');
        await waitUntil(async () => (await waiters(stack.books)) > 0, { what: 'a batch stands at the lock' });
        const pid = stack.signal('ledger', 'SIGKILL');
        await lock.query('ROLLBACK');
        await untilReady(stack, 'ledger', pid);
      });
      // Leases may run out before a ledger is there again; then, and only then, a client is told to come back.
      for (const { how, code } of seen.filter((each) => each.how !== 'whole' && each.how !== 'left'))
        expect([how, code]).toEqual(['http error', 'service_unavailable']);
    } finally {
      await lock.end();
    }
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it('two at once, one of them killed and replaced under load: locks and unique keys hold', async () => {
    const { stack } = bench;
    let twin: ManagedProcess | undefined;
    try {
      const seen = await bench.during({ name: 'ledger-twin', clients: 16, wants: smallAsk }, async () => {
        twin = await stack.add((around, port) =>
          serviceDefinition(around, 'ledger', {
            name: 'ledger-twin',
            port,
            env: { ESTIMATE_WAIT_MS: '2000', SWEEP_INTERVAL_MS: '500' },
          }),
        );
        await sleep(2_000);
        const pid = stack.signal('ledger', 'SIGKILL');
        await untilReady(stack, 'ledger', pid);
        await sleep(1_000);
      });
      expect(statuses(seen).filter((how) => how !== 'left')).toEqual(['whole']);
    } finally {
      await twin?.stop(10_000);
    }
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 90_000);

  it.each(['none', 'zero', 'tenfold', 'negative', 'fraction', 'overflow', 'huge'])(
    'wrong usage of a provider (%s): served, never more than the bound, never quarantined',
    async (usage) => {
      const { stack } = bench;
      const answers = await Promise.all(
        [true, false].map((stream) =>
          bench.ask(`wrong-${usage}-${stream ? 'streamed' : 'whole'}`, {
            stream,
            fault: `usage=${usage}`,
            maxTokens: 12,
          }),
        ),
      );
      for (const { how } of answers) expect(how).toBe('whole');
      expect((await bench.money()).faults).toEqual([]);
      const booked = await stack.books.usage();
      for (const { generationId, costNanos } of answers) {
        const own = booked.find((each) => each.generationId === generationId);
        // What the client is told is what it pays; what is above the bound is the house's.
        expect(own!.paidNanos).toBe(costNanos);
        expect(own!.paidNanos).toBeLessThanOrEqual(own!.boundNanos);
        expect(own!.paidNanos + own!.lostNanos).toBe(own!.costNanos);
        if (usage === 'huge') expect([own!.paidNanos, own!.lostNanos > 0n]).toEqual([own!.boundNanos, true]);
      }
    },
    60_000,
  );

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});

const chatWith = (edgeUrl: string, { apiKey }: Tenant): Promise<Response> =>
  fetch(`${edgeUrl}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sandbox/echo', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }),
  });

/** Sessions of the ledger that wait for a lock. */
async function waiters(books: FaultBench['stack']['books']): Promise<number> {
  const [row] = await books.rows<{ count: string }>(
    `SELECT count(*) FROM pg_stat_activity WHERE usename = 'ledger_app' AND wait_event_type = 'Lock'`,
  );
  return Number(row?.count ?? 0);
}
