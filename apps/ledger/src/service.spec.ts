import {
  CloseLease,
  CreateDeposit,
  GenerationRecord,
  GetBalance,
  GetGeneration,
  GetKeySpend,
  GenerationFinished,
  GrantLease,
  OpenAccount,
  RunAudit,
  TopUpLease,
  UsageApplied,
  UsageEvent,
  usageSubject,
  type AppliedUsage,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { z } from 'zod';
import { grantRequest, usageEvent, type GrantRequest } from './testing/builders.js';
import { createLedgerProcess, type LedgerProcess } from './testing/ledger-process.js';

const CANARY = 'the-prompt-that-nobody-may-keep';

describe('the ledger as a service', () => {
  let ledger: LedgerProcess;
  const heard: AppliedUsage[] = [];

  const call: LedgerProcess['bus']['rpc']['call'] = (contract, request) => ledger.bus.rpc.call(contract, request);
  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: ledger.ownerUrl, options: '-c search_path=ledger' });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  const fundedAccount = async (amountNanos: bigint): Promise<string> => {
    const accountId = randomUUID();
    await call(OpenAccount, { accountId });
    await call(CreateDeposit, { accountId, amountNanos, source: 'test', externalId: randomUUID(), note: null });
    return accountId;
  };
  const lend = async (accountId: string, amountNanos: bigint): Promise<GrantRequest> => {
    const request = grantRequest({ accountId, minNanos: amountNanos, wantNanos: amountNanos });
    await expect(call(GrantLease, request)).resolves.toMatchObject({ outcome: 'granted', grantedNanos: amountNanos });
    return request;
  };
  const publish = (event: UsageEvent) =>
    ledger.bus.jetstream.publish(usageSubject(event.provider), JSON.stringify(z.encode(UsageEvent, event)), {
      messageId: event.generationId,
      timeoutMs: 20_000,
    });
  const spentOf = async (accountId: string) => (await call(GetBalance, { accountId })).spentNanos;

  beforeAll(async () => {
    ledger = await createLedgerProcess({
      AUDIT_INTERVAL_MS: '300',
      SWEEP_INTERVAL_MS: '100',
      USAGE_ACK_WAIT_MS: '3000',
    });
    ledger.bus.subscriber.subscribe(UsageApplied, ({ applied }) => void heard.push(...applied), { suffix: 'edge-1' });
    const first = await ledger.command('migrate');
    expect(first).toMatchObject({ code: 0 });
    const second = await ledger.command('migrate');
    expect(second.log).toContain('nothing to migrate');
    await ledger.start();
  }, 60_000);

  afterAll(async () => {
    await ledger?.close();
  }, 30_000);

  it('lends, tops up, books usage once, tells the edge and takes the rest back', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const lease = await lend(accountId, 10_000n);
    await expect(
      call(TopUpLease, { ...lease, topUpId: randomUUID(), wantNanos: 500n, minNanos: 500n }),
    ).resolves.toMatchObject({ outcome: 'granted', grantedNanos: 10_500n });
    const event = usageEvent(lease, 700n);
    await publish(event);
    await ledger.bus.jetstream.publish(usageSubject('sandbox'), JSON.stringify(z.encode(UsageEvent, event)), {
      messageId: `${event.generationId}-again`,
    });
    const applied = { generationId: event.generationId, leaseId: lease.leaseId, chargedNanos: 700n };
    await waitUntil(() => heard.filter((entry) => entry.generationId === event.generationId).length === 2, {
      what: 'the edge hears of both deliveries',
    });
    expect(heard.filter((entry) => entry.generationId === event.generationId)).toEqual([applied, applied]);
    await expect(call(CloseLease, { ...lease, keepNanos: 0n })).resolves.toEqual({
      state: 'closed',
      returnedNanos: 9_800n,
    });
    await expect(call(GetBalance, { accountId })).resolves.toEqual({
      depositedNanos: 1_000_000n,
      availableNanos: 999_300n,
      leasedNanos: 0n,
      spentNanos: 700n,
    });
    await expect(call(GetKeySpend, { keyIds: [randomUUID(), lease.keyId] })).resolves.toMatchObject({
      spend: [{ totalNanos: 0n }, { keyId: lease.keyId, totalNanos: 700n, dailyNanos: 700n, monthlyNanos: 700n }],
    });
  });

  it('explains a generation to its own account only', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const lease = await lend(accountId, 10_000n);
    const event = usageEvent(lease, 300n);
    const record = generationRecord(event);
    await ledger.bus.jetstream.publish(GenerationFinished.subject, JSON.stringify(z.encode(GenerationRecord, record)), {
      messageId: record.id,
    });
    await publish(event);
    const ask = (account: string) => call(GetGeneration, { generationId: record.id, accountId: account });
    await waitUntil(
      async () => (await ask(accountId)).appliedAt !== null && (await ask(accountId)).generation !== null,
      {
        what: 'record and usage are there',
      },
    );
    await expect(ask(accountId)).resolves.toMatchObject({ generation: record, usage: event, chargedNanos: 300n });
    await expect(ask(await fundedAccount(1n))).resolves.toEqual({
      generation: null,
      usage: null,
      chargedNanos: null,
      appliedAt: null,
    });
  });

  it('sets aside what it cannot apply, keeps no text of it, and books what comes behind', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const lease = await lend(accountId, 10_000n);
    const stranger = await lend(await fundedAccount(1_000n), 100n);
    const poison = [
      `${CANARY} {`,
      JSON.stringify({ generationId: CANARY, prompt: CANARY }),
      JSON.stringify({ ...z.encode(UsageEvent, usageEvent(lease, 5n)), costNanos: '1' }),
      JSON.stringify(z.encode(UsageEvent, usageEvent({ ...lease, leaseId: randomUUID() }, 5n))),
      JSON.stringify(z.encode(UsageEvent, usageEvent({ ...lease, leaseId: stranger.leaseId }, 5n))),
      JSON.stringify(z.encode(UsageEvent, usageEvent(lease, 5n, { upstreamModel: 'a\u0000b' }))),
      JSON.stringify({
        ...z.encode(UsageEvent, usageEvent(lease, 5n)),
        usage: { source: 'reported', outputTokens: -5 },
      }),
    ];
    for (const data of poison)
      await ledger.bus.jetstream.publish(usageSubject('sandbox'), data, { messageId: randomUUID() });
    const good = usageEvent(lease, 42n);
    const chatty = { ...z.encode(UsageEvent, good), note: CANARY };
    await ledger.bus.jetstream.publish(usageSubject('sandbox'), JSON.stringify(chatty), { messageId: randomUUID() });
    await waitUntil(async () => (await spentOf(accountId)) === 42n, { what: 'the good one is booked' });
    const quarantined = await sql('SELECT reason FROM quarantine ORDER BY stream_seq');
    expect(quarantined.map(({ reason }) => String(reason).split(':')[0])).toEqual([
      'schema',
      'schema',
      'cost',
      'unknown_lease',
      'foreign_lease',
      'refused',
      'schema',
    ]);
    const kept = await sql('SELECT q::text AS row FROM quarantine q UNION ALL SELECT u::text FROM usage u');
    expect(kept.filter(({ row }) => String(row).includes(CANARY))).toEqual([]);
    await expect(ledger.metrics()).resolves.toMatch(/switchyard_ledger_quarantined_total\{reason="schema"\} 3/);
  });

  it('books what a provider describes in characters that cannot be stored', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const lease = await lend(accountId, 10_000n);
    const odd = usageEvent(lease, 7n, { nativeFinishReason: 'a\u0000b', upstreamId: '\ud800' });
    await ledger.bus.jetstream.publish(
      usageSubject('sandbox'),
      JSON.stringify({
        ...z.encode(UsageEvent, odd),
        nativeFinishReason: odd.nativeFinishReason,
        upstreamId: odd.upstreamId,
      }),
      {
        messageId: randomUUID(),
      },
    );
    await waitUntil(async () => (await spentOf(accountId)) === 7n, { what: 'it is booked' });
    const { usage } = await call(GetGeneration, { generationId: odd.generationId, accountId });
    expect(usage).toMatchObject({ nativeFinishReason: 'a\ufffdb', upstreamId: '\ufffd' });
  });

  it('counts what the house bears, once however often it comes', async () => {
    const accountId = await fundedAccount(1_000n);
    const lease = await lend(accountId, 300n);
    await publish(usageEvent(lease, 400n, { outcome: 'insured' }));
    const dear = usageEvent(lease, 5_000n);
    await publish(dear);
    await ledger.bus.jetstream.publish(usageSubject('sandbox'), JSON.stringify(z.encode(UsageEvent, dear)), {
      messageId: `${dear.generationId}-again`,
    });
    await waitUntil(() => heard.filter(({ generationId }) => generationId === dear.generationId).length === 2, {
      what: 'the edge hears of both deliveries',
    });
    await expect(spentOf(accountId)).resolves.toBe(1_000n);
    await expect(ledger.metrics()).resolves.toMatch(/^switchyard_ledger_loss_nanos_total 4000( |$)/m);
  });

  it('loses and doubles nothing when it is killed in the middle of a backlog', async () => {
    const accountId = await fundedAccount(1_000_000_000n);
    const lease = await lend(accountId, 1_000_000n);
    const events = Array.from({ length: 1_500 }, (_, index) => usageEvent(lease, BigInt(index + 1)));
    const expected = events.reduce((sum, { costNanos }) => sum + costNanos, 0n);
    const publishing = (async () => {
      for (let start = 0; start < events.length; start += 50)
        await Promise.all(events.slice(start, start + 50).map((event) => publish(event)));
    })();
    await waitUntil(async () => (await spentOf(accountId)) > 0n, { what: 'the first batch is booked' });
    await ledger.stop('SIGKILL');
    await publishing;
    await ledger.start();
    await waitUntil(async () => (await spentOf(accountId)) === expected, {
      what: 'all of it is booked, once',
      timeoutMs: 45_000,
      intervalMs: 200,
    });
    await expect(call(RunAudit, {})).resolves.toMatchObject({ violations: [] });
  }, 90_000);

  it('goes on by itself after a crash of PostgreSQL, and calls fail cleanly meanwhile', async () => {
    const accountId = await fundedAccount(1_000_000n);
    const lease = await lend(accountId, 10_000n);
    await ledger.postgres.kill9();
    await publish(usageEvent(lease, 77n));
    await expect(call(GetBalance, { accountId })).rejects.toMatchObject({ code: 'service_unavailable' });
    await ledger.postgres.restart();
    await waitUntil(async () => (await spentOf(accountId).catch(() => 0n)) === 77n, {
      what: 'the usage of the outage is booked',
      timeoutMs: 30_000,
      intervalMs: 100,
    });
  }, 60_000);

  it('stops lending while the books do not add up, and lends again when they do', async () => {
    const accountId = await fundedAccount(1_000_000n);
    await expect(ledger.command('audit-command')).resolves.toMatchObject({ code: 0 });
    await sql('UPDATE account SET credits = credits + 1 WHERE owner_id = $1', [accountId]);
    const refused = await call(RunAudit, {});
    expect(refused.violations.length).toBeGreaterThan(0);
    expect(refused.totals.trialBalanceNanos).toBe(1n);
    const audit = await ledger.command('audit-command');
    expect(audit).toMatchObject({ code: 1 });
    expect(audit.log).toContain('I2 running totals');
    await expect(call(GrantLease, grantRequest({ accountId, minNanos: 1n, wantNanos: 1n }))).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    await sql('UPDATE account SET credits = credits - 1 WHERE owner_id = $1', [accountId]);
    await waitUntil(
      () =>
        call(GrantLease, grantRequest({ accountId, minNanos: 1n, wantNanos: 1n })).then(
          ({ outcome }) => outcome === 'granted',
          () => false,
        ),
      { what: 'lending again' },
    );
  }, 30_000);

  it.each([
    ['a deposit of nothing', CreateDeposit, { amountNanos: 0n, source: 'test', externalId: 'x', note: null }],
    [
      'a deposit that no transfer carries',
      CreateDeposit,
      { amountNanos: 10n ** 19n - 1n, source: 'test', externalId: 'y', note: null },
    ],
    [
      'a grant of at least more than a transfer carries',
      GrantLease,
      grantRequest({ accountId: '', minNanos: 10n ** 18n + 1n }),
    ],
  ] as const)('refuses %s', async (_, contract, fields) => {
    const accountId = await fundedAccount(1n);
    await expect(ledger.bus.rpc.call(contract, { ...fields, accountId })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('returns the money of leases that nobody renewed, and ends cleanly when told to', async () => {
    await expect(ledger.stop()).resolves.toMatchObject({ code: 0 });
    await ledger.start({ LEASE_TTL_MS: '200', LEASE_GRACE_MS: '200' });
    const accountId = await fundedAccount(1_000n);
    await lend(accountId, 1_000n);
    await waitUntil(async () => (await call(GetBalance, { accountId })).availableNanos === 1_000n, {
      what: 'the money comes back',
    });
    await expect(ledger.stop('SIGINT')).resolves.toMatchObject({ code: 0 });
  }, 30_000);
});

function generationRecord(event: UsageEvent): z.output<typeof GenerationRecord> {
  return {
    id: event.generationId,
    accountId: event.accountId,
    workspaceId: event.accountId,
    keyId: event.keyId,
    createdAt: '2026-11-22T10:00:00.000Z',
    requestedModel: event.model,
    model: event.model,
    provider: event.provider,
    providerName: 'Sandbox',
    endpointId: event.endpointId,
    dialect: 'openai-chat',
    streamed: true,
    cancelled: false,
    status: 200,
    errorCode: null,
    finishReason: 'stop',
    nativeFinishReason: 'stop',
    upstreamId: null,
    attempts: [],
    candidates: [],
    boundNanos: 1_000n,
    priceVersion: 'test',
    latencyMs: 1,
    generationMs: 2,
    overheadMs: 0.5,
    httpReferer: null,
    appTitle: null,
    userAgent: null,
    sessionId: null,
    externalUser: null,
  };
}
