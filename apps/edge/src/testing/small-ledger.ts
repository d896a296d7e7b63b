import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { EventPublisher, JetStreamConsumers, Request, Serves } from '@switchyard/bus';
import {
  AdmissionTickets,
  CloseLease,
  CreateDeposit,
  GENERATIONS_STREAM,
  GatewayError,
  GenerationRecord,
  GetBalance,
  GetGeneration,
  GetKeySpend,
  GrantLease,
  TopUpLease,
  USAGE_STREAM,
  UsageApplied,
  UsageEvent,
} from '@switchyard/contracts';
import type { BudgetScope, ReplyOf, RequestOf } from '@switchyard/contracts';
import { payersOf } from '@switchyard/pricing';
import { PEPPER } from './small-auth.js';

interface Account {
  deposited: bigint;
  available: bigint;
  spent: bigint;
}
interface LentLease {
  readonly accountId: string;
  readonly edgeId: string;
  granted: bigint;
  balance: bigint;
  open: boolean;
}

const TTL_MS = 60_000;

/** Serves the ledger's contracts from memory, with its one rule: nobody is lent the same money twice. */
@Controller()
export class SmallLedger implements OnModuleInit {
  readonly accounts = new Map<string, Account>();
  readonly leases = new Map<string, LentLease>();
  readonly usage = new Map<string, UsageEvent>();
  readonly generations = new Map<string, GenerationRecord>();
  readonly capped = new Map<string, bigint>();
  grants = 0;
  paused = false;
  private readonly tickets = new AdmissionTickets(PEPPER);

  constructor(
    private readonly consumers: JetStreamConsumers,
    private readonly events: EventPublisher,
  ) {}

  async onModuleInit(): Promise<void> {
    const limits = { maxBatch: 100, maxWaitMs: 20 };
    await this.consumers.consume({
      ...limits,
      stream: USAGE_STREAM,
      durable: 'small-ledger-usage',
      handler: async (messages) => {
        for (const message of messages) {
          this.apply(UsageEvent.decode(wireOf(message.data)));
          message.ack();
        }
      },
    });
    await this.consumers.consume({
      ...limits,
      stream: GENERATIONS_STREAM,
      durable: 'small-ledger-generations',
      handler: async (messages) => {
        for (const message of messages) {
          const record = GenerationRecord.decode(wireOf(message.data));
          this.generations.set(record.id, record);
          message.ack();
        }
      },
    });
  }

  deposit(accountId: string, nanos: bigint): void {
    const account = this.accounts.get(accountId) ?? { deposited: 0n, available: 0n, spent: 0n };
    account.deposited += nanos;
    account.available += nanos;
    this.accounts.set(accountId, account);
  }

  @Serves(GrantLease)
  grant(@Request(GrantLease) request: RequestOf<typeof GrantLease>): ReplyOf<typeof GrantLease> {
    if (this.paused) throw new GatewayError('service_unavailable', { retryAfterMs: 1000 });
    this.grants += 1;
    const known = this.leases.get(request.leaseId);
    if (known) return { outcome: 'granted', leaseId: request.leaseId, grantedNanos: known.granted, ttlMs: TTL_MS };
    const roomOf = (budget: BudgetScope) => budget.capNanos - (this.capped.get(budget.scopeId) ?? 0n);
    const [budget] = [...request.budgets].sort((one, other) => Number(roomOf(one) - roomOf(other)));
    const lent = this.lend(request, budget ? roomOf(budget) : null);
    if (typeof lent !== 'bigint') return budget && lent.reason === 'budget_exhausted' ? named(lent, budget) : lent;
    for (const { scopeId } of request.budgets) this.capped.set(scopeId, (this.capped.get(scopeId) ?? 0n) + lent);
    const { accountId, edgeId, leaseId } = request;
    this.leases.set(leaseId, { accountId, edgeId, granted: lent, balance: lent, open: true });
    return { outcome: 'granted', leaseId, grantedNanos: lent, ttlMs: TTL_MS };
  }

  @Serves(TopUpLease)
  topUp(@Request(TopUpLease) request: RequestOf<typeof TopUpLease>): ReplyOf<typeof TopUpLease> {
    if (this.paused) throw new GatewayError('service_unavailable', { retryAfterMs: 1000 });
    const lease = this.leases.get(request.leaseId);
    if (!lease?.open) throw new GatewayError('not_found');
    const lent = this.lend({ ...request, accountId: lease.accountId }, null);
    if (typeof lent !== 'bigint') return lent;
    lease.granted += lent;
    lease.balance += lent;
    return { outcome: 'granted', leaseId: request.leaseId, grantedNanos: lease.granted, ttlMs: TTL_MS };
  }

  @Serves(CloseLease)
  close(@Request(CloseLease) { leaseId, keepNanos }: RequestOf<typeof CloseLease>): ReplyOf<typeof CloseLease> {
    const lease = this.leases.get(leaseId);
    if (!lease) throw new GatewayError('not_found');
    const returned = lease.balance > keepNanos ? lease.balance - keepNanos : 0n;
    lease.balance -= returned;
    lease.open = false;
    const account = this.accounts.get(lease.accountId)!;
    account.available += returned;
    return { state: keepNanos > 0n ? 'draining' : 'closed', returnedNanos: returned };
  }

  @Serves(GetBalance)
  balance(@Request(GetBalance) { accountId }: RequestOf<typeof GetBalance>): ReplyOf<typeof GetBalance> {
    const account = this.accounts.get(accountId);
    if (!account) throw new GatewayError('not_found');
    const leased = account.deposited - account.available - account.spent;
    return {
      depositedNanos: account.deposited,
      availableNanos: account.available,
      leasedNanos: leased,
      spentNanos: account.spent,
    };
  }

  @Serves(CreateDeposit)
  createDeposit(@Request(CreateDeposit) request: RequestOf<typeof CreateDeposit>): ReplyOf<typeof CreateDeposit> {
    this.deposit(request.accountId, request.amountNanos);
    return {
      depositId: randomUUID(),
      created: true,
      amountNanos: request.amountNanos,
      createdAt: new Date().toISOString(),
      availableNanos: this.accounts.get(request.accountId)!.available,
    };
  }

  @Serves(GetKeySpend)
  spend(@Request(GetKeySpend) { keyIds }: RequestOf<typeof GetKeySpend>): ReplyOf<typeof GetKeySpend> {
    const spent = (keyId: string) =>
      [...this.usage.values()]
        .filter((usage) => usage.keyId === keyId && usage.outcome !== 'insured')
        .reduce((sum, { costNanos }) => sum + costNanos, 0n);
    return {
      spend: keyIds.map((keyId) => {
        const nanos = spent(keyId);
        const amounts = { totalNanos: nanos, dailyNanos: nanos, weeklyNanos: nanos, monthlyNanos: nanos };
        return { keyId, ...amounts, ownKey: { totalNanos: 0n, dailyNanos: 0n, weeklyNanos: 0n, monthlyNanos: 0n } };
      }),
    };
  }

  @Serves(GetGeneration)
  generation(@Request(GetGeneration) request: RequestOf<typeof GetGeneration>): ReplyOf<typeof GetGeneration> {
    const record = this.generations.get(request.generationId);
    const usage = this.usage.get(request.generationId) ?? null;
    if (record?.accountId !== request.accountId)
      return { generation: null, usage: null, chargedNanos: null, appliedAt: null };
    return { generation: record, usage, chargedNanos: usage && payersOf(usage).customerNanos, appliedAt: null };
  }

  private lend(
    { accountId, wantNanos, minNanos }: { accountId: string; wantNanos: bigint; minNanos: bigint },
    budgetRoom: bigint | null,
  ): bigint | Extract<ReplyOf<typeof GrantLease>, { outcome: 'refused' }> {
    const account = this.accounts.get(accountId);
    const available = account?.available ?? 0n;
    const limited = budgetRoom !== null && budgetRoom < available;
    const room = limited ? budgetRoom : available;
    if (!account || room < minNanos) {
      const reason = account ? (limited ? 'budget_exhausted' : 'insufficient_credits') : 'unknown_account';
      return { outcome: 'refused', reason, availableNanos: room, scopeId: null, resetsAt: null, ...NO_BUDGET };
    }
    const lent = wantNanos < room ? wantNanos : room;
    account.available -= lent;
    return lent;
  }

  private apply(usage: UsageEvent): void {
    // As the real one: nothing is charged that no edge vouches for.
    if (usage.ticket === null || !this.tickets.isGenuine(usage.ticket, usage)) return;
    if (this.usage.has(usage.generationId)) return;
    this.usage.set(usage.generationId, usage);
    const lease = this.leases.get(usage.leaseId);
    const charged = payersOf(usage).customerNanos;
    if (!lease) return;
    lease.balance -= charged;
    this.accounts.get(lease.accountId)!.spent += charged;
    const applied = [{ generationId: usage.generationId, leaseId: usage.leaseId, chargedNanos: charged }];
    this.events.publish(UsageApplied, { edgeId: usage.edgeId, applied }, { suffix: usage.edgeId });
  }
}

const named = <Refused extends object>(refused: Refused, { scopeId, kind, interval, capNanos }: BudgetScope) => ({
  ...refused,
  scopeId,
  scopeKind: kind,
  interval,
  capNanos,
  spentNanos: 0n,
});

const NO_BUDGET = { scopeKind: null, interval: null, capNanos: null, spentNanos: null };

// What the codec takes is the wire form, which JSON.parse cannot know.
const wireOf = <Wire>(data: Uint8Array): Wire => JSON.parse(Buffer.from(data).toString('utf8')) as Wire;
