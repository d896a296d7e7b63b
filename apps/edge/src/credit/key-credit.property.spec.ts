import { randomUUID } from 'node:crypto';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import fc from 'fast-check';
import { KeyCredit } from './key-credit.js';
import type { Hold } from './lease.js';
import { Lender } from './lender.js';
import { CreditRefused } from './refusal.js';

const TTL_MS = 60_000;

/** A ledger with one account: answers late, in any order that the test asks for, loses answers, and counts what it lent. */
class LateLender extends Lender {
  available: bigint;
  readonly granted = new Map<string, bigint>();
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
      return this.lend(request.leaseId, request.wantNanos, request.minNanos);
    });
  }

  override async close(): ReturnType<Lender['close']> {
    return { state: 'closed', returnedNanos: 0n };
  }

  get questions(): number {
    return this.waiting.length;
  }

  /** Lets the ledger answer its oldest question. */
  async answer(): Promise<void> {
    await settled();
    this.waiting.shift()?.();
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
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
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
          if (next.do === 'answer') await lender.answer();
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
          expect(held + chargedByCustomers <= deposit).toBe(true);
          for (const lease of credit.leases) {
            expect(lease.heldNanos + lease.chargedNanos <= lease.grantedNanos).toBe(true);
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
