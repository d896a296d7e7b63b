import { randomUUID } from 'node:crypto';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import fc from 'fast-check';
import { KeyCredit } from './key-credit.js';
import type { Hold } from './lease.js';
import { Lender } from './lender.js';
import { CreditRefused } from './refusal.js';

const TTL_MS = 60_000;

/** A ledger with one account: answers late, in any order that the test asks for, loses answers, and counts what it lent and got back. */
class LateLender extends Lender {
  available: bigint;
  readonly granted = new Map<string, bigint>();
  private readonly returned = new Map<string, bigint>();
  /** What other edges have borrowed of the same account. */
  others = 0n;
  private readonly seenTopUps = new Set<string>();
  private readonly waiting: (() => void)[] = [];
  loseNext = false;

  constructor(deposit: bigint) {
    super();
    this.available = deposit;
  }

  override grant(request: Parameters<Lender['grant']>[0]): ReturnType<Lender['grant']> {
    return this.later(() => {
      if (this.granted.has(request.leaseId)) return this.state(request.leaseId);
      return this.lend(request.leaseId, request.wantNanos, request.minNanos);
    });
  }

  override topUp(request: Parameters<Lender['topUp']>[0]): ReturnType<Lender['topUp']> {
    return this.later(() => {
      if (!this.granted.has(request.leaseId)) throw new GatewayError('not_found');
      if (this.seenTopUps.has(request.topUpId)) return this.state(request.leaseId);
      this.seenTopUps.add(request.topUpId);
      // What the edge gave up since it asked is lent on top, or the answer would not be enough.
      const back = (this.returned.get(request.leaseId) ?? 0n) - request.returnedNanos;
      const since = request.minNanos > 0n && back > 0n ? (back < request.roomNanos ? back : request.roomNanos) : 0n;
      return this.lend(request.leaseId, request.wantNanos + since, request.minNanos + since);
    });
  }

  override giveBack({ leases }: Parameters<Lender['giveBack']>[0]): ReturnType<Lender['giveBack']> {
    return this.later(() => {
      for (const { leaseId, returnedNanos } of leases) {
        const before = this.returned.get(leaseId) ?? 0n;
        if (!this.granted.has(leaseId) || returnedNanos <= before) continue;
        this.returned.set(leaseId, returnedNanos);
        this.available += returnedNanos - before;
      }
      return {};
    });
  }

  /** Another edge borrows, or gives back when the amount is negative. */
  borrowElsewhere(nanos: bigint): void {
    const most = nanos > this.available ? this.available : nanos;
    const moved = -most > this.others ? -this.others : most;
    this.available -= moved;
    this.others += moved;
  }

  /** What of a lease the ledger still has: it must cover what the edge believes to have. */
  lentNow(leaseId: string): bigint {
    return (this.granted.get(leaseId) ?? 0n) - (this.returned.get(leaseId) ?? 0n);
  }

  override async close(): ReturnType<Lender['close']> {
    return { state: 'closed', returnedNanos: 0n };
  }

  get questions(): number {
    return this.waiting.length;
  }

  /** Lets the ledger answer one of its questions: the oldest, or another. */
  async answer(at = 0): Promise<void> {
    await settled();
    this.waiting.splice(at % Math.max(1, this.waiting.length), 1)[0]?.();
    await settled();
  }

  private state(leaseId: string) {
    return { outcome: 'granted' as const, leaseId, grantedNanos: this.granted.get(leaseId) ?? 0n, ttlMs: TTL_MS };
  }

  private lend(leaseId: string, want: bigint, min: bigint) {
    if (this.available < min) {
      const reason = 'insufficient_credits' as const;
      return {
        outcome: 'refused' as const,
        reason,
        availableNanos: this.available,
        scopeId: null,
        resetsAt: null,
        ...NO_BUDGET,
      };
    }
    const lent = want < this.available ? want : this.available;
    this.available -= lent;
    this.granted.set(leaseId, (this.granted.get(leaseId) ?? 0n) + lent);
    return this.state(leaseId);
  }

  private later<Reply>(decide: () => Reply): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const lose = this.loseNext;
    this.loseNext = false;
    this.waiting.push(() => {
      try {
        const reply = decide();
        if (lose) reject(new GatewayError('service_unavailable'));
        else resolve(reply);
      } catch (error) {
        reject(error instanceof Error ? error : new Error('thrown'));
      }
    });
    return promise;
  }
}

const NO_BUDGET = { scopeKind: null, interval: null, capNanos: null, spentNanos: null };
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

const keyOf = (version: number): ApiKey => ({
  id: '00000000-0000-4000-8000-000000000001',
  digest: 'a'.repeat(64),
  kind: 'inference',
  accountId: '00000000-0000-4000-8000-000000000002',
  workspaceId: '00000000-0000-4000-8000-000000000003',
  creatorUserId: null,
  name: 'key',
  label: 'sk-…',
  disabled: false,
  limitNanos: null,
  limitReset: null,
  includeByokInLimit: false,
  expiresAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: null,
  lastUsedAt: null,
  externalUser: null,
  version,
  budgets: [],
  operator: false,
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('admit' as const), bound: fc.bigInt(0n, 30_000_000n) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), at: fc.nat(20), percent: fc.nat(130) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('recall' as const), told: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('elsewhere' as const), nanos: fc.bigInt(-40_000_000n, 40_000_000n) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('extend' as const), at: fc.nat(20), nanos: fc.bigInt(1n, 10_000_000n) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(90_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change-key' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
);

describe('the credit of a key', () => {
  it('never holds and charges more than was lent, under any interleaving of requests, answers, losses and time', async () => {
    const deposits = fc.bigInt(0n, 200_000_000n);
    await fc.assert(
      fc.asyncProperty(deposits, fc.array(step, { minLength: 5, maxLength: 60 }), async (deposit, steps) => {
        let now = 0;
        let version = 1;
        const lender = new LateLender(deposit);
        const edge = { edgeId: 'edge', edgeEpoch: randomUUID() };
        const credit = new KeyCredit(lender, edge, () => now);
        const holds: Hold[] = [];
        let open = 0;
        let chargedByCustomers = 0n;
        const admit = async (bound: bigint) => {
          open += 1;
          try {
            holds.push(await credit.admit(keyOf(version), bound));
          } catch (error) {
            expect(error instanceof CreditRefused || error instanceof GatewayError).toBe(true);
          } finally {
            open -= 1;
          }
        };
        for (const next of steps) {
          if (next.do === 'admit') void admit(next.bound);
          if (next.do === 'answer') await lender.answer(next.at);
          if (next.do === 'elsewhere') lender.borrowElsewhere(next.nanos);
          if (next.do === 'extend' && holds.length > 0) holds[next.at % holds.length]!.extend(next.nanos);
          if (next.do === 'recall') {
            const given = credit.giveUp(new Set(credit.leases.map(({ identity }) => identity.leaseId)));
            const leases = given.map(({ identity, returnedNanos }) => ({ leaseId: identity.leaseId, returnedNanos }));
            // Told never, once or twice: the ledger may hear it late, or again.
            for (let told = 0; told < next.told; told += 1)
              void lender.giveBack({ ...edge, recallId: null, leases }).catch(() => undefined);
          }
          if (next.do === 'refresh') void credit.refresh();
          if (next.do === 'lose') lender.loseNext = true;
          if (next.do === 'pass') now += next.ms;
          if (next.do === 'change-key') version += 1;
          if (next.do === 'sweep') lender.granted.clear();
          if (next.do === 'settle' && holds.length > 0) {
            const [hold] = holds.splice(next.at % holds.length, 1);
            const charged = hold!.settle((hold!.boundNanos * BigInt(next.percent)) / 100n);
            chargedByCustomers += charged;
            credit.spent(charged);
          }
          await settled();
          const held = holds.reduce((sum, hold) => sum + hold.boundNanos, 0n);
          expect(held + chargedByCustomers + lender.others <= deposit).toBe(true);
          for (const lease of credit.leases) {
            expect(lease.heldNanos + lease.chargedNanos + lease.returnedNanos <= lease.grantedNanos).toBe(true);
            if (lender.granted.has(lease.identity.leaseId))
              expect(lease.grantedNanos - lease.returnedNanos <= lender.lentNow(lease.identity.leaseId)).toBe(true);
            expect(lease.roomNanos >= 0n).toBe(true);
          }
        }
        for (let round = 0; round < 200 && lender.questions > 0; round += 1) await lender.answer();
        expect(open).toBe(0);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('asks once for many requests that come at the same time', async () => {
    const lender = new LateLender(1_000_000_000n);
    const credit = new KeyCredit(lender, { edgeId: 'edge', edgeEpoch: randomUUID() }, () => 0);
    const admitted = Promise.all(Array.from({ length: 50 }, () => credit.admit(keyOf(1), 1_000_000n)));
    await settled();
    expect(lender.questions).toBe(1);
    await lender.answer();
    expect(await admitted).toHaveLength(50);
    expect(lender.granted.size).toBe(1);
  });

  it('is lent on top what it gave up while it asked, so that one answer is enough', async () => {
    const lender = new LateLender(1_000_000_000n);
    const edge = { edgeId: 'edge', edgeEpoch: randomUUID() };
    const credit = new KeyCredit(lender, edge, () => 0);
    const first = credit.admit(keyOf(1), 1_000n);
    await lender.answer();
    const { identity, roomNanos } = (await first).lease;
    const second = credit.admit(keyOf(1), roomNanos + 1_000n);
    await settled();
    const [lease] = credit.giveUp(new Set([identity.leaseId]));
    const leases = [{ leaseId: identity.leaseId, returnedNanos: lease!.returnedNanos }];
    void lender.giveBack({ ...edge, recallId: null, leases });
    expect(lender.questions).toBe(2);
    await lender.answer(1);
    await lender.answer();
    expect((await second).boundNanos).toBe(roomNanos + 1_000n);
    expect(lender.questions).toBe(0);
  });

  it('admits exactly as many requests as there is money for', async () => {
    const lender = new LateLender(2_500n);
    const credit = new KeyCredit(lender, { edgeId: 'edge', edgeEpoch: randomUUID() }, () => 0);
    const tries = Promise.allSettled(Array.from({ length: 40 }, () => credit.admit(keyOf(1), 1_000n)));
    for (let round = 0; round < 100; round += 1) await lender.answer();
    const outcomes = await tries;
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(
      outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof CreditRefused),
    ).toHaveLength(38);
  });

  it('asks again under the same id when an answer was lost, so that money is lent once', async () => {
    const lender = new LateLender(50_000_000n);
    const credit = new KeyCredit(lender, { edgeId: 'edge', edgeEpoch: randomUUID() }, () => 0);
    lender.loseNext = true;
    const lost = Promise.allSettled([credit.admit(keyOf(1), 1_000n)]);
    await lender.answer();
    expect(await lost).toMatchObject([{ status: 'rejected', reason: { code: 'service_unavailable' } }]);
    const again = credit.admit(keyOf(1), 1_000n);
    await lender.answer();
    await again;
    expect(lender.granted.size).toBe(1);
  });

  it('admits nothing against a lease whose time is up', async () => {
    let now = 0;
    const lender = new LateLender(50_000_000n);
    const credit = new KeyCredit(lender, { edgeId: 'edge', edgeEpoch: randomUUID() }, () => now);
    const first = credit.admit(keyOf(1), 1_000n);
    await lender.answer();
    const hold = await first;
    now = TTL_MS;
    const second = credit.admit(keyOf(1), 1_000n);
    await lender.answer();
    expect((await second).lease).not.toBe(hold.lease);
  });

  it('gets a new lease when the key has changed, so that new limits count at once', async () => {
    const lender = new LateLender(50_000_000n);
    const credit = new KeyCredit(lender, { edgeId: 'edge', edgeEpoch: randomUUID() }, () => 0);
    const first = credit.admit(keyOf(1), 1_000n);
    await lender.answer();
    const second = credit.admit(keyOf(2), 1_000n);
    await lender.answer();
    expect((await second).lease).not.toBe((await first).lease);
  });
});
