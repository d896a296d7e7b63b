import {
  CloseLease,
  CreateDeposit,
  GetBalance,
  GrantLease,
  OpenAccount,
  RunAudit,
  TopUpLease,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { grantRequest } from '../testing/builders.js';
import { createLedgerProcess, type LedgerProcess } from '../testing/ledger-process.js';

const DAY_MS = 86_400_000;

/** What makes a process believe that it is another day. */
const dayShiftedBy = (ms: number): string => {
  const script = `const now = Date.now; const Real = Date;
    globalThis.Date = class extends Real { constructor(...parts) { super(...(parts.length ? parts : [now() + (${ms})])); } };
    Date.now = () => now() + (${ms});`;
  return `--import data:text/javascript,${encodeURIComponent(script)}`;
};

describe('a ledger whose own clock is wrong by a day', () => {
  let ledger: LedgerProcess;
  const call: LedgerProcess['bus']['rpc']['call'] = (contract, request) => ledger.bus.rpc.call(contract, request);

  beforeAll(async () => {
    ledger = await createLedgerProcess({ SWEEP_INTERVAL_MS: '100', LEASE_TTL_MS: '2000', LEASE_GRACE_MS: '500' });
    await ledger.command('migrate');
  }, 60_000);

  afterAll(async () => {
    await ledger?.close();
  }, 30_000);

  it.each([
    ['ahead', DAY_MS],
    ['back', -DAY_MS],
  ])(
    '(%s) lends for as long as ever, and takes back when it is due: the time is that of the database',
    async (_, ms) => {
      await ledger.start({ NODE_OPTIONS: dayShiftedBy(ms) });
      const accountId = randomUUID();
      await call(OpenAccount, { accountId });
      await call(CreateDeposit, { accountId, amountNanos: 1_000n, source: 'test', externalId: accountId, note: null });
      const request = grantRequest({ accountId, minNanos: 400n, wantNanos: 400n });
      const granted = await call(GrantLease, request);
      expect(granted).toMatchObject({ outcome: 'granted', grantedNanos: 400n });
      const { leaseId, edgeEpoch } = request;
      const renewal = { leaseId, edgeEpoch, topUpId: randomUUID(), wantNanos: 0n, minNanos: 0n };
      const renewed = await call(TopUpLease, renewal);
      // Shorter only in the last seconds before midnight UTC, when a new lease is due in any case.
      for (const reply of [granted, renewed])
        if (reply.outcome === 'granted') expect(reply.ttlMs > 0 && reply.ttlMs <= 2_000).toBe(true);
      await expect(call(GetBalance, { accountId })).resolves.toMatchObject({ leasedNanos: 400n });
      await waitUntil(async () => (await call(GetBalance, { accountId })).leasedNanos === 0n, {
        what: 'the lease ran out',
        timeoutMs: 20_000,
      });
      await expect(call(CloseLease, { leaseId, edgeEpoch, keepNanos: 0n })).resolves.toEqual({
        state: 'closed',
        returnedNanos: 400n,
      });
      expect((await call(RunAudit, {})).violations).toEqual([]);
      await ledger.stop();
    },
    60_000,
  );
});
