import { GatewayError } from '@switchyard/contracts';
import { Lease } from '../credit/lease.js';
import { CreditRefused } from '../credit/refusal.js';
import { STEP_TOKENS, SteppedHold } from './stepped-hold.js';
import type { Reserve } from './stepped-hold.js';

const identity = { leaseId: 'lease', accountId: 'account', keyId: 'key', keyVersion: 1 };
const PROMPT = 100n;
/** A nano-dollar per token. */
const bounds = { ofTokens: (tokens: number) => PROMPT + BigInt(tokens), wholeNanos: PROMPT + 10_000n };
const FIRST = bounds.ofTokens(STEP_TOKENS);
const refusal = {
  outcome: 'refused',
  reason: 'insufficient_credits',
  availableNanos: 0n,
  scopeId: null,
  resetsAt: null,
  scopeKind: null,
  interval: null,
  capNanos: null,
  spentNanos: null,
} as const;

function lent(grantedNanos: bigint): Lease {
  const lease = new Lease(identity, () => 0);
  lease.raise({ grantedNanos, ttlMs: 1_000 }, 0);
  return lease;
}

function stepped(lease: Lease, reserve: Reserve = () => Promise.reject(new CreditRefused(refusal, 0n))) {
  const hold = lease.admit(FIRST)!;
  return { hold, steps: new SteppedHold(hold, bounds, reserve) };
}

describe('a hold that grows with its answer', () => {
  it('grows by a step from the room of its lease', async () => {
    const { hold, steps } = stepped(lent(5_000n));
    expect(await steps.answer({ usedTokens: 512, outputTokens: 1_024 })).toEqual({ outputTokens: 2_048, last: false });
    expect(hold.boundNanos).toBe(bounds.ofTokens(2_048));
  });

  it('grows at once as far as the answer has come', async () => {
    const { hold, steps } = stepped(lent(9_000n));
    expect(await steps.answer({ usedTokens: 5_000, outputTokens: 1_024 })).toMatchObject({ outputTokens: 6_024 });
    expect(hold.boundNanos).toBe(bounds.ofTokens(6_024));
  });

  it('answers a reading that comes twice with the same total, and sets nothing aside for it', async () => {
    const { hold, steps } = stepped(lent(5_000n));
    const reading = { usedTokens: 512, outputTokens: 1_024 };
    await steps.answer(reading);
    expect(await steps.answer(reading)).toEqual({ outputTokens: 2_048, last: false });
    expect(hold.boundNanos).toBe(bounds.ofTokens(2_048));
  });

  it('asks nothing more once the whole bound is held, however the meter counts', async () => {
    const { hold, steps } = stepped(lent(20_000n));
    expect(await steps.answer({ usedTokens: 9_900, outputTokens: 1_024 })).toEqual({ outputTokens: null, last: true });
    expect(hold.boundNanos).toBe(bounds.wholeNanos);
  });

  it('takes what the ledger lends when the lease is short', async () => {
    const lease = lent(FIRST);
    const { hold, steps } = stepped(lease, (nanos) => {
      lease.raise({ grantedNanos: FIRST + nanos, ttlMs: 1_000 }, 0);
      return Promise.resolve(lease.admit(nanos)!);
    });
    expect(await steps.answer({ usedTokens: 512, outputTokens: 1_024 })).toEqual({ outputTokens: 2_048, last: false });
    expect(lease.heldNanos).toBe(hold.boundNanos);
  });

  it('stays as it is, and says so, when nobody lends more', async () => {
    const { hold, steps } = stepped(lent(FIRST));
    const last = { outputTokens: 1_024, last: true };
    expect(await steps.answer({ usedTokens: 512, outputTokens: 1_024 })).toEqual(last);
    expect(await steps.answer({ usedTokens: 600, outputTokens: 1_024 })).toEqual(last);
    expect(hold.boundNanos).toBe(FIRST);
  });

  it('says nothing while the ledger cannot be asked, so that the worker asks again', async () => {
    let away = true;
    const lease = lent(FIRST);
    const { steps } = stepped(lease, (nanos) => {
      if (away) return Promise.reject(new GatewayError('service_unavailable'));
      lease.raise({ grantedNanos: FIRST + nanos, ttlMs: 1_000 }, 0);
      return Promise.resolve(lease.admit(nanos)!);
    });
    const reading = { usedTokens: 512, outputTokens: 1_024 };
    expect(await steps.answer(reading)).toBeNull();
    away = false;
    expect(await steps.answer(reading)).toEqual({ outputTokens: 2_048, last: false });
  });

  it('does not grow on a lease that another one has replaced', async () => {
    const { hold, steps } = stepped(lent(FIRST), (nanos) => Promise.resolve(lent(10_000n).admit(nanos)!));
    expect(await steps.answer({ usedTokens: 512, outputTokens: 1_024 })).toEqual({ outputTokens: 1_024, last: true });
    expect(hold.boundNanos).toBe(FIRST);
  });

  it('keeps nothing that the ledger lends after the answer has ended', async () => {
    const lease = lent(FIRST);
    const asked = Promise.withResolvers<void>();
    const { hold, steps } = stepped(lease, async (nanos) => {
      await asked.promise;
      lease.raise({ grantedNanos: FIRST + nanos, ttlMs: 1_000 }, 0);
      return lease.admit(nanos)!;
    });
    const answer = steps.answer({ usedTokens: 512, outputTokens: 1_024 });
    steps.end();
    hold.settle(10n);
    asked.resolve();
    expect(await answer).toBeNull();
    expect([lease.heldNanos, lease.chargedNanos]).toEqual([0n, 10n]);
  });
});
