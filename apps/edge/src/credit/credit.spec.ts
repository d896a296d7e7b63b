import { affordableTokens } from './affordable.js';
import { MAX_LEASE_NANOS, MIN_LEASE_NANOS, isLow, leaseSizeNanos } from './lease-size.js';
import { Lease } from './lease.js';
import {
  EARLY_FOR_MS,
  FORGET_ASSUMED_AFTER_MS,
  LATE_AFTER_MS,
  PendingUsageBook,
  REPUBLISH_AFTER_MS,
} from './pending-usage.js';
import { SpendRate } from './spend-rate.js';

const identity = { leaseId: 'lease', accountId: 'account', keyId: 'key', keyVersion: 1 };
const message = { subject: 'usage.v1.acme', bytes: Buffer.from('{}'), messageId: 'gen-1' };

function leaseOf(grantedNanos: bigint, clock = () => 0): Lease {
  const lease = new Lease(identity, clock);
  lease.raise({ grantedNanos, ttlMs: 1_000 }, clock());
  return lease;
}

describe('a lease', () => {
  it('gives back what a generation did not use', () => {
    const lease = leaseOf(100n);
    const hold = lease.admit(80n);
    expect(lease.roomNanos).toBe(20n);
    hold?.settle(30n);
    expect(lease.roomNanos).toBe(70n);
  });

  it('refuses to settle a hold twice', () => {
    const hold = leaseOf(100n).admit(80n);
    hold?.settle(30n);
    expect(() => hold?.settle(30n)).toThrow(/settled once/);
  });

  it('is charged the bound when a provider reports more', () => {
    const lease = leaseOf(100n);
    const other = lease.admit(60n);
    lease.admit(40n)?.settle(1_000n);
    expect(lease.chargedNanos).toBe(40n);
    expect(other?.settle(60n)).toBe(60n);
  });

  it('counts its lifetime from the question and not from the answer', () => {
    let now = 0;
    const lease = new Lease(identity, () => now);
    now = 900;
    lease.raise({ grantedNanos: 100n, ttlMs: 1_000 }, 0);
    now = 1_000;
    expect(lease.admit(1n)).toBeNull();
  });

  it('gives up what nothing is held or charged against, once', () => {
    const lease = leaseOf(100n);
    lease.admit(30n)?.settle(20n);
    const hold = lease.admit(30n);
    lease.giveUp();
    lease.giveUp();
    expect([lease.returnedNanos, lease.roomNanos, lease.returnsUntold]).toEqual([50n, 0n, true]);
    hold?.settle(10n);
    expect(lease.roomNanos).toBe(20n);
    lease.confirmReturned(50n);
    expect(lease.returnsUntold).toBe(false);
    lease.giveUp();
    expect([lease.returnedNanos, lease.returnsUntold]).toEqual([70n, true]);
  });

  it('raises the bound of a hold from its room, and no further', () => {
    let now = 0;
    const lease = leaseOf(100n, () => now);
    const hold = lease.admit(60n)!;
    expect(hold.extend(41n)).toBe(false);
    expect(hold.extend(30n)).toBe(true);
    expect([hold.boundNanos, lease.heldNanos, lease.roomNanos]).toEqual([90n, 90n, 10n]);
    now = 1_000;
    expect(hold.extend(1n)).toBe(false);
    expect(hold.settle(95n)).toBe(90n);
    expect(() => hold.extend(1n)).toThrow(/settled/);
  });

  it('does not shrink when an old answer comes late', () => {
    const lease = leaseOf(100n);
    lease.raise({ grantedNanos: 60n, ttlMs: 1_000 }, 0);
    expect(lease.grantedNanos).toBe(100n);
  });
});

describe('the book of pending usage', () => {
  it('gives room back when the ledger charged less', () => {
    const lease = leaseOf(100n);
    const book = new PendingUsageBook(() => 0);
    const chargedNanos = lease.admit(80n)!.settle(50n);
    book.remember({ generationId: 'gen-1', lease, chargedNanos, event: message });
    expect(book.unappliedNanos(lease)).toBe(50n);
    book.confirm({ generationId: 'gen-1', chargedNanos: 0n });
    expect(lease.roomNanos).toBe(100n);
    expect(book.size).toBe(0);
  });

  it('confirms a generation once, however often the ledger says so', () => {
    const lease = leaseOf(100n);
    const book = new PendingUsageBook(() => 0);
    book.remember({ generationId: 'gen-1', lease, chargedNanos: lease.admit(80n)!.settle(50n), event: message });
    book.confirm({ generationId: 'gen-1', chargedNanos: 20n });
    book.confirm({ generationId: 'gen-1', chargedNanos: 20n });
    expect(lease.chargedNanos).toBe(20n);
  });

  it('knows what the ledger confirmed before the client had read its answer, for a while', () => {
    let now = 0;
    const lease = leaseOf(100n);
    const book = new PendingUsageBook(() => now, 2);
    const remember = (generationId: string) =>
      book.remember({ generationId, lease, chargedNanos: lease.admit(10n)!.settle(10n), event: message });
    book.confirm({ generationId: 'gen-1', chargedNanos: 4n });
    remember('gen-1');
    expect(book.size).toBe(0);
    expect(lease.chargedNanos).toBe(4n);
    // Once: what comes after is a generation of its own.
    remember('gen-1');
    expect(book.size).toBe(1);
    book.confirm({ generationId: 'gen-1', chargedNanos: 10n });
    // Never more of them than of what is remembered, the newest count.
    for (const generationId of ['gen-2', 'gen-3', 'gen-4']) book.confirm({ generationId, chargedNanos: 10n });
    remember('gen-2');
    remember('gen-3');
    expect(book.all().map(({ generationId }) => generationId)).toEqual(['gen-2']);
    now = EARLY_FOR_MS;
    book.due();
    remember('gen-4');
    expect(book.all().map(({ generationId }) => generationId)).toEqual(['gen-2', 'gen-4']);
  });

  it('publishes again what the ledger did not confirm in time, and again after that', () => {
    let now = 0;
    const book = new PendingUsageBook(() => now);
    book.remember({ generationId: 'gen-1', lease: leaseOf(1n), chargedNanos: 0n, event: message });
    now = REPUBLISH_AFTER_MS - 1;
    expect(book.due()).toHaveLength(0);
    now = REPUBLISH_AFTER_MS;
    expect(book.due()).toHaveLength(1);
    expect(book.due()).toHaveLength(0);
    now = 2 * REPUBLISH_AFTER_MS;
    expect(book.due()).toHaveLength(1);
  });

  it('has a usage published at once whose worker is gone, before or after the client has taken its answer', () => {
    let now = 0;
    const book = new PendingUsageBook(() => now);
    const remember = (generationId: string, worker: string) =>
      book.remember({ generationId, lease: leaseOf(1n), chargedNanos: 0n, event: { ...message, worker } });
    remember('gen-1', 'dead');
    remember('gen-2', 'alive');
    book.hurry('dead');
    remember('gen-3', 'dead');
    expect(book.due().map(({ generationId }) => generationId)).toEqual(['gen-1', 'gen-3']);
    // By then it counts as come back, or the word of every worker that was once late would be said twice for ever.
    now = REPUBLISH_AFTER_MS + 1;
    book.due();
    remember('gen-4', 'dead');
    expect(book.due()).toEqual([]);
  });

  it('answers what is late once, and still knows which of it is not confirmed', () => {
    let now = 0;
    const book = new PendingUsageBook(() => now);
    const remember = (generationId: string) =>
      book.remember({
        generationId,
        lease: leaseOf(1n),
        chargedNanos: 0n,
        event: { ...message, messageId: generationId },
      });
    remember('gen-1');
    remember('gen-2');
    now = LATE_AFTER_MS - 1;
    remember('gen-3');
    expect(book.late()).toEqual([]);
    now = LATE_AFTER_MS;
    expect(book.late().map(({ messageId }) => messageId)).toEqual(['gen-1', 'gen-2']);
    expect(book.late()).toEqual([]);
    book.confirm({ generationId: 'gen-1', chargedNanos: 0n });
    expect(book.noted).toBe(1);
    expect(book.stillLate().map(({ messageId }) => messageId)).toEqual(['gen-2']);
  });

  it('gives up an assumed charge that nobody ever confirmed', () => {
    let now = 0;
    const lease = leaseOf(100n, () => 0);
    const book = new PendingUsageBook(() => now);
    book.remember({ generationId: 'gen-1', lease, chargedNanos: lease.admit(80n)!.settle(80n), event: null });
    now = FORGET_ASSUMED_AFTER_MS + 1;
    book.due();
    expect(lease.roomNanos).toBe(100n);
  });

  it('says when it is full', () => {
    const book = new PendingUsageBook(() => 0, 1);
    book.remember({ generationId: 'gen-1', lease: leaseOf(1n), chargedNanos: 0n, event: message });
    expect(book.full).toBe(true);
  });
});

describe('the size of a lease', () => {
  it('lies between a cent and ten dollars', () => {
    expect(leaseSizeNanos(0n)).toBe(MIN_LEASE_NANOS);
    expect(leaseSizeNanos(50_000_000n)).toBe(50_000_000n);
    expect(leaseSizeNanos(10n ** 15n)).toBe(MAX_LEASE_NANOS);
  });

  it('is low under forty percent', () => {
    expect(isLow(39n, 100n)).toBe(true);
    expect(isLow(40n, 100n)).toBe(false);
  });

  it('follows the spending of the last windows', () => {
    let now = 0;
    const rate = new SpendRate(() => now);
    rate.add(1_000n);
    expect(rate.perWindowNanos).toBe(1_000n);
    now = 10_000;
    expect(rate.perWindowNanos).toBe(500n);
    now = 20_000;
    expect(rate.perWindowNanos).toBe(250n);
    now = 10_000_000;
    expect(rate.perWindowNanos).toBe(0n);
  });
});

describe('what is affordable', () => {
  const boundOfTokens = (tokens: number) => 1_000n + BigInt(tokens) * 7n;
  it('is the most tokens whose bound fits', () => {
    expect(affordableTokens(boundOfTokens, 1_000n + 7n * 41n + 6n, 100)).toBe(41);
    expect(affordableTokens(boundOfTokens, 10n ** 9n, 100)).toBe(100);
  });
  it('is nothing when the prompt alone is too dear', () => {
    expect(affordableTokens(boundOfTokens, 10n, 100)).toBe(0);
  });
});
