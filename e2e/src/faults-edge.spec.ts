import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@switchyard/testing';
import { FaultBench } from './money/fault-bench.js';
import { SHORT_TIMES } from './money/fault-stack.js';
import { Tenants } from './money/tenants.js';
import { untilReady } from './chaos/blows.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** Three heartbeats of two seconds, and what a busy machine adds. */
const EDGE_LOST_MS = 12_000;
const FROZEN_MS = 9_000;

describe('when an edge dies or freezes', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.start({ workers: 1 });
  }, START_TIMEOUT_MS);
  afterAll(() => bench?.stop(), START_TIMEOUT_MS);

  it('kill -9: cuts its own clients alone, insures them, stops the providers, and its leases come back', async () => {
    const { stack } = bench;
    const long = { tokens: 2_000, tokensPerSecond: 50, maxTokens: 3_000 };
    // Their provider ends them before anybody notices that the edge is dead: they have arrived nowhere all the same.
    const short = { tokens: 100, tokensPerSecond: 50, maxTokens: 120 };
    const FIVE = [0, 1, 2, 3, 4];
    const streams = FIVE.flatMap((index) => [
      bench.ask(`edge-kill-long-${index}`, { ...long, edge: 1 }),
      bench.ask(`edge-kill-short-${index}`, { ...short, edge: 1 }),
    ]);
    const entries = async (kind = '(?:long|short)') =>
      (await stack.upstreamBook()).filter(({ label }) => new RegExp(`^edge-kill-${kind}-`).test(label ?? ''));
    await waitUntil(async () => (await entries()).filter(({ outputTokens }) => outputTokens > 2).length === 10, {
      what: 'ten streams speak',
      intervalMs: 10,
    });
    const open = await stack.books.openLeases();
    const ofTheDead = open.filter(({ edge }) => edge === 'edge-2').map(({ id }) => id);
    expect(ofTheDead.length).toBeGreaterThan(0);
    const fromMs = performance.now();
    const others = await bench.during({ name: 'edge-kill', edges: [0] }, async () => {
      const pid = stack.signal('edge-2', 'SIGKILL');
      await untilReady(stack, 'edge-2', pid);
    });
    bench.excuse({ edge: 1, kind: 'killed', fromMs, untilMs: performance.now() });
    for (const cut of await Promise.all(streams)) expect(cut.how).toBe('cut');
    // The other edge did not even notice.
    expect(others.filter(({ how }) => how !== 'whole' && how !== 'left')).toEqual([]);

    await waitUntil(async () => (await entries('long')).every(({ aborted }) => aborted), {
      what: 'the providers are told to stop',
      timeoutMs: EDGE_LOST_MS,
    });
    const { leaseTtlMs, leaseGraceMs } = SHORT_TIMES;
    await waitUntil(
      async () => {
        const still = new Set((await stack.books.openLeases()).map(({ id }) => id));
        return ofTheDead.every((id) => !still.has(id));
      },
      { what: 'the leases of the dead edge are closed', timeoutMs: leaseTtlMs + leaseGraceMs + 10_000 },
    );
    const money = await bench.money();
    expect(money.faults).toEqual([]);
    expect(bench.clientFaults).toEqual([]);
    expect((await entries('short')).filter(({ finish }) => finish !== null).length).toBeGreaterThan(0);
    const upstreamIds = new Set((await entries()).map(({ upstreamId }) => upstreamId));
    const cutUsage = async () => (await stack.books.usage()).filter(({ upstreamId }) => upstreamIds.has(upstreamId));
    await waitUntil(async () => (await cutUsage()).length === 10, { what: 'all are booked', timeoutMs: EDGE_LOST_MS });
    for (const usage of await cutUsage()) expect([usage.outcome, usage.paidNanos]).toEqual(['insured', 0n]);
  }, 120_000);

  it('SIGSTOP: stalled streams end with an error, and it sends nothing on a lease that died in its sleep', async () => {
    const { stack } = bench;
    await bench.ask('edge-frozen-warm', { edge: 1 });
    const before = new Set((await stack.books.openLeases()).map(({ id }) => id));
    expect(before.size).toBeGreaterThan(0);
    const stream = bench.ask('edge-frozen-stream', { tokens: 2_000, tokensPerSecond: 50, maxTokens: 3_000, edge: 1 });
    await waitUntil(
      async () =>
        (await stack.upstreamBook()).some(
          ({ label, outputTokens }) => label === 'edge-frozen-stream' && outputTokens > 5,
        ),
      { what: 'the stream speaks' },
    );
    const others = await bench.during({ name: 'edge-frozen', edges: [0] }, () => stack.freeze('edge-2', FROZEN_MS));
    expect(others.filter(({ how }) => how !== 'whole' && how !== 'left')).toEqual([]);
    // Its workers gave it up after three heartbeats; it learns that when it wakes up.
    expect(await stream).toMatchObject({ how: 'error event' });
    // Longer than a lease lives: what it still believed to have is refused by its own clock, and it asks for a new one.
    const awake = await bench.ask('edge-frozen-awake', { edge: 1 });
    expect(awake.how).toBe('whole');
    const rows = await stack.books.rows<{ lease: string }>(
      'SELECT lease_id AS lease FROM ledger.usage WHERE generation_id = $1',
      [awake.generationId],
    );
    for (const { lease } of rows) expect(before).not.toContain(lease);
    const money = await bench.money();
    expect(money.faults).toEqual([]);
    expect(bench.clientFaults).toEqual([]);
    const frozen = (await stack.books.usage()).find(({ generationId }) => money.insured.includes(generationId));
    expect(frozen?.paidNanos ?? 0n).toBe(0n);
  }, 120_000);

  it('a key that is revoked under load is refused by every edge within a second, and running streams are paid', async () => {
    const { stack } = bench;
    const manage = async (path: string, init: RequestInit) => {
      const response = await fetch(`${stack.baseUrl}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${stack.account.managementKey}`,
          ...(init.body && { 'content-type': 'application/json' }),
        },
      });
      expect(response.ok).toBe(true);
      return (await response.json()) as { key: string; data: { hash: string } };
    };
    const made = await manage('/keys', { method: 'POST', body: JSON.stringify({ name: 'to be revoked' }) });
    let revokedAtMs = Infinity;
    const seen = await bench.during({ name: 'revoked', keys: [made.key], clients: 10 }, async () => {
      await manage(`/keys/${made.data.hash}`, { method: 'DELETE' });
      revokedAtMs = performance.now();
      await sleep(1_500);
    });
    const after = seen.filter(({ startedAtMs }) => startedAtMs > revokedAtMs + 1_000);
    expect(seen.filter(({ how }) => how === 'whole').length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThan(10);
    expect(after.filter(({ how }) => how !== 'left').map(({ status, code }) => ({ status, code }))).toEqual(
      after.filter(({ how }) => how !== 'left').map(() => ({ status: 401, code: 'revoked_key' })),
    );
    // Refusals are what the clients should see here.
    expect(bench.clientFaults.filter((fault) => !fault.includes('401 revoked_key'))).toEqual([]);
    expect((await bench.money()).faults).toEqual([]);
  }, 60_000);

  it('serves a thousand keys that ask for the first time all at once', async () => {
    const KEYS = 1_000;
    const tenants = await Tenants.connect(bench.stack.natsUrl);
    try {
      const keys: string[] = [];
      for (let part = 0; part < KEYS / 50; part += 1) {
        const made = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            tenants.key(bench.stack.account.accountId, { name: `key ${part * 50 + index}` }),
          ),
        );
        keys.push(...made.map(({ secret }) => secret));
      }
      // What a polite client does: who is told 503 asks again, and nobody is told anything else.
      const askUntilServed = async (key: string, index: number) => {
        for (let tries = 1; ; tries += 1) {
          const label = `first-${index}-${tries}`;
          const seen = await bench.ask(label, { key, edge: index % 2, tokens: 1, maxTokens: 2, stream: false });
          if (seen.how === 'whole') return tries;
          expect([seen.how, seen.status]).toEqual(['http error', 503]);
          await sleep(1_000);
        }
      };
      const tries = await Promise.all(keys.map(askUntilServed));
      expect(Math.max(...tries)).toBeLessThan(20);
      expect((await bench.money({ timeoutMs: 60_000 })).faults).toEqual([]);
    } finally {
      await tenants.close();
    }
  }, 180_000);

  it('has every lease back and every request accounted for in the end', async () => {
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});
