import {
  CreateDeposit,
  DiscardQuarantined,
  GetBalance,
  GetKeyInsurance,
  GrantLease,
  ListQuarantine,
  OpenAccount,
  RetryQuarantined,
  RunAudit,
  UsageApplied,
  UsageEvent,
  usageSubject,
  type AppliedUsage,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { createHash, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { z } from 'zod';
import { grantRequest, usageEvent, type GrantRequest } from '../testing/builders.js';
import { createLedgerProcess, type LedgerProcess } from '../testing/ledger-process.js';

const ACTOR = 'key-of-the-operator';
const CANARY = 'the-prompt-that-nobody-may-keep';

describe('the quarantine', () => {
  let ledger: LedgerProcess;
  const heard: AppliedUsage[] = [];

  const call: LedgerProcess['bus']['rpc']['call'] = (contract, request) => ledger.bus.rpc.call(contract, request);
  const asOwner = async (sql: string, values: unknown[] = []) => {
    const client = new Client({ connectionString: ledger.ownerUrl, options: '-c search_path=ledger' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, values)).rows;
    } finally {
      await client.end();
    }
  };
  const fundedAccount = async () => {
    const accountId = randomUUID();
    await call(OpenAccount, { accountId });
    const deposit = { accountId, amountNanos: 1_000_000n, source: 'test', externalId: randomUUID(), note: null };
    await call(CreateDeposit, deposit);
    return accountId;
  };
  const lend = async (request: GrantRequest) => {
    await expect(call(GrantLease, request)).resolves.toMatchObject({ outcome: 'granted' });
    return request;
  };
  const loan = (accountId: string) => grantRequest({ accountId, minNanos: 10_000n, wantNanos: 10_000n });
  const textOf = (event: UsageEvent) => JSON.stringify(z.encode(UsageEvent, event));
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const publish = (text: string, messageId: string = randomUUID()) =>
    ledger.bus.jetstream.publish(usageSubject('sandbox'), text, { messageId });
  /** Publishes and waits until it is set aside; answers its digest. */
  const setAside = async (text: string) => {
    await publish(text);
    const digest = digestOf(text);
    await waitUntil(async () => (await find(digest)) !== undefined, { what: 'it is in quarantine' });
    return digest;
  };
  const find = async (digest: string, state: 'open' | 'applied' | 'discarded' = 'open') =>
    (await call(ListQuarantine, { state, after: null, limit: 100 })).items.find((item) => item.digest === digest);
  const spentOf = async (accountId: string) => (await call(GetBalance, { accountId })).spentNanos;

  beforeAll(async () => {
    ledger = await createLedgerProcess({ SWEEP_INTERVAL_MS: '100', ESTIMATE_WAIT_MS: '1500' });
    ledger.bus.subscriber.subscribe(UsageApplied, ({ applied }) => void heard.push(...applied), { suffix: 'edge-1' });
    await ledger.command('migrate');
    await ledger.start();
  }, 60_000);

  afterAll(async () => {
    await ledger?.close();
  }, 30_000);

  it('applies usage once when its lease is there at last, and tells who did it', async () => {
    const accountId = await fundedAccount();
    const request = loan(accountId);
    const event = usageEvent(request, 700n);
    const digest = await setAside(textOf(event));
    await expect(find(digest)).resolves.toMatchObject({
      generationId: event.generationId,
      reason: 'unknown_lease',
      state: 'open',
      event,
      actions: [],
    });
    const again = { digest, actor: ACTOR, note: 'once more' };
    await expect(call(RetryQuarantined, again)).resolves.toEqual({
      applied: false,
      result: 'unknown_lease',
      chargedNanos: 0n,
    });
    await lend(request);
    await expect(call(RetryQuarantined, again)).resolves.toEqual({
      applied: true,
      result: 'applied',
      chargedNanos: 700n,
    });
    await expect(call(RetryQuarantined, again)).rejects.toMatchObject({ code: 'conflict' });
    await expect(call(DiscardQuarantined, { ...again, note: 'no' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(spentOf(accountId)).resolves.toBe(700n);
    await waitUntil(() => heard.some(({ chargedNanos }) => chargedNanos === 700n), { what: 'its edge is told' });
    await expect(find(digest)).resolves.toBeUndefined();
    await expect(find(digest, 'applied')).resolves.toMatchObject({
      actions: [
        { action: 'retry', actor: ACTOR, note: 'once more', result: 'unknown_lease' },
        { action: 'retry', actor: ACTOR, note: 'once more', result: 'applied' },
      ],
    });
  });

  it('holds what no edge vouches for, whatever it claims, and goes on holding it when it is tried again', async () => {
    const accountId = await fundedAccount();
    const request = await lend(loan(accountId));
    const genuine = usageEvent(request, 300n);
    const digests = [
      await setAside(textOf({ ...genuine, ticket: null })),
      await setAside(textOf({ ...genuine, boundNanos: 10_000n })),
    ];
    for (const digest of digests) {
      await expect(call(RetryQuarantined, { digest, actor: ACTOR, note: null })).resolves.toMatchObject({
        applied: false,
        result: 'ticket',
      });
    }
    await expect(spentOf(accountId)).resolves.toBe(0n);
    await publish(textOf(genuine));
    await waitUntil(async () => (await spentOf(accountId)) === 300n, { what: 'the genuine one is booked' });
  });

  it('reads what was no valid event from the stream once more, and keeps no text of it', async () => {
    const digest = await setAside(JSON.stringify({ prompt: CANARY }));
    await expect(find(digest)).resolves.toMatchObject({ event: null, generationId: null, reason: /^schema: / });
    const reply = await call(RetryQuarantined, { digest, actor: ACTOR, note: null });
    expect(reply).toMatchObject({ applied: false, result: 'schema' });
    // As if the first look had been that of a ledger that could not read it yet.
    const accountId = await fundedAccount();
    const request = await lend(loan(accountId));
    const text = textOf(usageEvent(request, 40n));
    const { sequence } = await publish(text);
    await waitUntil(async () => (await spentOf(accountId)) === 40n, { what: 'it is booked' });
    await asOwner(`SELECT quarantine_usage($1, NULL, 'usage.v1.sandbox', $2, 'schema: older', NULL)`, [
      digestOf(text),
      sequence,
    ]);
    await expect(call(RetryQuarantined, { digest: digestOf(text), actor: ACTOR, note: null })).resolves.toEqual({
      applied: true,
      result: 'duplicate',
      chargedNanos: 40n,
    });
    const kept = await asOwner(
      'SELECT q::text AS row FROM quarantine q UNION ALL SELECT a::text FROM quarantine_action a',
    );
    expect(kept.filter(({ row }) => String(row).includes(CANARY))).toEqual([]);
  });

  it('takes from messages that were published together only those that cannot be applied, each by itself', async () => {
    const accountId = await fundedAccount();
    const good = textOf(usageEvent(await lend(loan(accountId)), 30n));
    const broken = [`{ ${randomUUID()}`, `[ ${randomUUID()}`];
    await Promise.all(
      [broken[0]!, good, broken[1]!].map((text) =>
        ledger.bus.jetstream.publishBundled(usageSubject('sandbox'), text, { messageId: randomUUID() }),
      ),
    );
    await waitUntil(async () => (await spentOf(accountId)) === 30n, { what: 'the good one is booked' });
    for (const text of broken) {
      const digest = digestOf(text);
      await waitUntil(async () => (await find(digest)) !== undefined, { what: 'it is in quarantine' });
      // Its bytes are read from the stream, because what is no JSON is not kept by the ledger.
      await expect(call(RetryQuarantined, { digest, actor: ACTOR, note: null })).resolves.toMatchObject({
        applied: false,
      });
    }
  });

  it('can be given up, with a reason, and is no longer counted', async () => {
    const digest = await setAside(`{ ${randomUUID()}`);
    const before = (await call(RunAudit, {})).quarantined;
    await expect(call(DiscardQuarantined, { digest, actor: ACTOR, note: 'noise' })).resolves.toEqual({
      discarded: true,
    });
    await expect(call(RunAudit, {})).resolves.toMatchObject({ quarantined: before - 1 });
    await expect(find(digest, 'discarded')).resolves.toMatchObject({
      actions: [{ action: 'discard', actor: ACTOR, note: 'noise', result: 'discarded' }],
    });
    const unknown = { digest: '0'.repeat(64), actor: ACTOR, note: 'x' };
    await expect(call(DiscardQuarantined, unknown)).rejects.toMatchObject({ code: 'not_found' });
    await expect(call(RetryQuarantined, unknown)).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      asOwner(`SELECT resolve_quarantined($1, 'discard', $2, '', 'x', 'open', NULL)`, [await setAside('[]'), ACTOR]),
    ).rejects.toThrow('discarded_with_a_reason');
    await expect(asOwner('DELETE FROM quarantine_action')).rejects.toThrow('append-only');
  });

  it('is listed in pages, the oldest first', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.push(await setAside(`[${randomUUID()}`));
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(after);
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ digest }) => digest));
      after = page.next;
      if (after === null) break;
    }
    expect(seen.filter((digest) => made.includes(digest))).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
    await expect(call(ListQuarantine, { state: 'open', after: 'nonsense', limit: 2 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
  const listPage = (after: string | null) => call(ListQuarantine, { state: 'open', after, limit: 2 });

  it('is not where an estimate of an edge waits: it is booked after its time, and the edge hears of it only then', async () => {
    const accountId = await fundedAccount();
    const request = await lend(loan(accountId));
    const guess = usageEvent(request, 90n, { outcome: 'estimate', witness: 'edge' });
    const known = () => heard.filter(({ generationId }) => generationId === guess.generationId);
    await publish(textOf(guess), `${guess.generationId}:estimate`);
    const other = usageEvent(request, 5n);
    await publish(textOf(other), other.generationId);
    await waitUntil(async () => (await spentOf(accountId)) === 5n, { what: 'what came behind it is booked' });
    expect(known()).toEqual([]);
    await waitUntil(async () => (await spentOf(accountId)) === 95n, { what: 'the estimate is booked' });
    await waitUntil(() => known().length === 1, { what: 'the edge hears' });
    const real = usageEvent(request, 60n, { generationId: guess.generationId, boundNanos: 100n });
    await publish(textOf(real), real.generationId);
    await waitUntil(async () => (await spentOf(accountId)) === 65n, { what: 'the real usage corrects it' });
    await expect(ledger.metrics()).resolves.toMatch(/^switchyard_ledger_corrections_total 1( |$)/m);
  });

  it('has nothing to do with what is insured or above its bound: that is booked and counted', async () => {
    const accountId = await fundedAccount();
    const request = await lend(loan(accountId));
    await publish(textOf(usageEvent(request, 400n, { outcome: 'insured' })));
    await publish(textOf(usageEvent(request, 400n, { boundNanos: 150n })));
    await waitUntil(async () => (await spentOf(accountId)) === 150n, { what: 'both are booked' });
    await waitUntil(
      async () => (await call(GetKeyInsurance, { keyIds: [request.keyId], days: 1 })).keys[0]!.generations === 2,
      { what: 'both are counted' },
    );
    await expect(call(GetKeyInsurance, { keyIds: [request.keyId], days: 1 })).resolves.toEqual({
      keys: [{ keyId: request.keyId, generations: 2, insured: 1, insuredCostNanos: 400n }],
    });
    const metrics = await ledger.metrics();
    expect(metrics).toMatch(/^switchyard_bound_violation_total 1( |$)/m);
    expect(metrics).toMatch(/^switchyard_ledger_insured_nanos_total 400( |$)/m);
    expect(metrics).toMatch(/^switchyard_ledger_loss_nanos_total 250( |$)/m);
    expect(metrics).toMatch(/^switchyard_ledger_quarantined_total\{reason="ticket"\} 2/m);
  });
});
