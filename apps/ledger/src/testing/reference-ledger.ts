import type { BudgetScope } from '@switchyard/contracts';
import type {
  GrantReply,
  GrantRequest,
  LedgerUnderTest,
  ScopeState,
  Settled,
  TopUpRequest,
  UsageClaim,
} from './ledger-under-test.js';

interface Budget {
  cap: bigint;
  ceiling: bigint;
  reserved: bigint;
  spent: bigint;
  forced: bigint;
  readonly scopeId: string;
  readonly period: string;
  readonly windowStart: number;
}
interface Lease {
  readonly request: GrantRequest;
  readonly dayEnd: number;
  readonly scopes: readonly string[];
  granted: bigint;
  balance: bigint;
  returned: bigint;
  state: 'open' | 'draining' | 'closed';
  expiresAt: number;
}
interface Account {
  deposited: bigint;
  available: bigint;
  charged: bigint;
}

const DAY_MS = 86_400_000;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const greatest = (a: bigint, b: bigint) => (a > b ? a : b);
const midnightAfter = (at: number) => (Math.floor(at / DAY_MS) + 1) * DAY_MS;

/** The rules of the ledger once more, in plain objects and without a database: what the real one is compared with. */
export class ReferenceLedger implements LedgerUnderTest {
  #now = 0;
  readonly #accounts = new Map<string, Account>();
  readonly #deposits = new Map<string, { accountId: string; amountNanos: bigint }>();
  readonly #leases = new Map<string, Lease>();
  readonly #budgets = new Map<string, Budget>();
  readonly #usage = new Map<string, { leaseId: string; charged: bigint; lost: bigint; claim: UsageClaim }>();
  readonly #topUps = new Set<string>();

  constructor(
    private readonly ttlMs: number,
    private readonly graceMs: number,
  ) {}

  async setNow(at: number): Promise<void> {
    this.#now = at;
  }

  async open(accountId: string): Promise<void> {
    if (!this.#accounts.has(accountId)) this.#accounts.set(accountId, { deposited: 0n, available: 0n, charged: 0n });
  }

  async deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string> {
    const known = this.#deposits.get(externalId);
    if (known) return known.accountId === accountId && known.amountNanos === amountNanos ? 'known' : 'conflict';
    this.#deposits.set(externalId, { accountId, amountNanos });
    const account = this.#account(accountId);
    account.deposited += amountNanos;
    account.available += amountNanos;
    return 'created';
  }

  async grant(request: GrantRequest): Promise<GrantReply> {
    const known = this.#leases.get(request.leaseId);
    if (known) return known.state === 'open' ? this.#granted(known) : { outcome: 'conflict' };
    const scopes = this.#openBudgets(request.budgets);
    const loan = this.#loan(request.accountId, scopes, request.wantNanos, request.minNanos);
    if (typeof loan !== 'bigint') return loan;
    const lease: Lease = {
      request,
      dayEnd: midnightAfter(this.#now),
      scopes,
      granted: 0n,
      balance: 0n,
      returned: 0n,
      state: 'open',
      expiresAt: Math.min(this.#now + this.ttlMs, midnightAfter(this.#now)),
    };
    this.#leases.set(request.leaseId, lease);
    this.#lend(lease, loan);
    return this.#granted(lease);
  }

  async topUp({ leaseId, topUpId, wantNanos, minNanos }: TopUpRequest): Promise<GrantReply> {
    const lease = this.#lease(leaseId);
    const asksMoney = wantNanos > 0n || minNanos > 0n;
    if (lease.state === 'closed' || (lease.state === 'draining' && asksMoney)) return { outcome: 'gone' };
    if (lease.state === 'open' && this.#now >= lease.dayEnd) return { outcome: 'gone' };
    if (asksMoney && !this.#topUps.has(topUpId)) {
      const loan = this.#loan(lease.request.accountId, lease.scopes, wantNanos, minNanos);
      if (typeof loan !== 'bigint') return loan;
      if (loan > 0n) this.#topUps.add(topUpId);
      this.#lend(lease, loan);
    }
    lease.expiresAt = this.#now + this.ttlMs;
    if (lease.state === 'open') lease.expiresAt = Math.min(lease.expiresAt, lease.dayEnd);
    return this.#granted(lease);
  }

  async close(leaseId: string, keepNanos: bigint): Promise<string> {
    const lease = this.#lease(leaseId);
    if (lease.state !== 'closed') this.#giveBack(lease, keepNanos);
    return `${lease.state} ${lease.returned}`;
  }

  async sweep(): Promise<number> {
    let closed = 0;
    for (const lease of this.#leases.values()) {
      if (lease.state === 'closed') continue;
      const drained = lease.state === 'draining' && lease.balance === 0n;
      if (lease.expiresAt + this.graceMs > this.#now && !drained) continue;
      this.#giveBack(lease, 0n);
      closed += 1;
    }
    return closed;
  }

  async apply(batch: readonly UsageClaim[]): Promise<Settled[]> {
    return batch.map((claim) => this.#settle(claim));
  }

  async balance(accountId: string): Promise<string> {
    const { deposited, available, charged } = this.#account(accountId);
    const leased = this.#lentTo(accountId);
    if (deposited !== available + leased + charged) throw new Error('the reference itself has lost money');
    return `${deposited} = ${available} + ${leased} + ${charged}`;
  }

  async scopes(scopeIds: readonly string[]): Promise<ScopeState[]> {
    return [...this.#budgets.values()]
      .filter(({ scopeId }) => scopeIds.includes(scopeId))
      .map(({ scopeId, period, cap, ceiling, reserved, spent, forced, windowStart }) => {
        if (reserved + spent > ceiling || reserved < 0n) throw new Error('the reference itself broke a cap');
        return `${scopeId} ${period} ${windowStart} ${cap} ${reserved} ${spent} ${forced}`;
      })
      .sort();
  }

  #settle(claim: UsageClaim): Settled {
    const known = this.#usage.get(claim.generationId);
    if (known) return { status: 'duplicate', chargedNanos: known.charged };
    const lease = this.#lease(claim.leaseId);
    const account = this.#account(lease.request.accountId);
    const due = claim.outcome === 'final' ? claim.costNanos : 0n;
    const fromLease = lease.state === 'closed' ? 0n : least(due, lease.balance);
    const fromUser = least(due - fromLease, account.available);
    lease.balance -= fromLease;
    account.available -= fromUser;
    account.charged += fromLease + fromUser;
    for (const key of lease.scopes) {
      const budget = this.#budgets.get(key)!;
      budget.reserved -= fromLease;
      budget.spent += fromLease;
      const fits = least(fromUser, budget.ceiling - budget.reserved - budget.spent);
      budget.spent += fits;
      budget.forced += fromUser - fits;
    }
    const settled = { charged: fromLease + fromUser, lost: due - fromLease - fromUser };
    this.#usage.set(claim.generationId, { leaseId: claim.leaseId, claim, ...settled });
    return { status: 'applied', chargedNanos: settled.charged };
  }

  #loan(accountId: string, scopes: readonly string[], want: bigint, min: bigint): bigint | GrantReply {
    let room = this.#account(accountId).available;
    if (room < min) {
      const lent = this.#lentTo(accountId);
      const reason = room + lent >= min ? 'in_flight_budget_exhausted' : 'insufficient_credits';
      return { outcome: 'refused', reason, availableNanos: room };
    }
    for (const key of scopes) {
      const { cap, reserved, spent, forced } = this.#budgets.get(key)!;
      room = least(room, greatest(cap - reserved - spent - forced, 0n));
    }
    if (room < min) return { outcome: 'refused', reason: 'budget_exhausted', availableNanos: room };
    return greatest(min, least(want, room / 10n));
  }

  #lend(lease: Lease, amount: bigint): void {
    this.#account(lease.request.accountId).available -= amount;
    lease.granted += amount;
    lease.balance += amount;
    for (const key of lease.scopes) this.#budgets.get(key)!.reserved += amount;
  }

  #giveBack(lease: Lease, keep: bigint): void {
    const rest = greatest(lease.balance - keep, 0n);
    this.#account(lease.request.accountId).available += rest;
    lease.balance -= rest;
    lease.returned += rest;
    for (const key of lease.scopes) this.#budgets.get(key)!.reserved -= rest;
    lease.state = keep === 0n ? 'closed' : 'draining';
  }

  #openBudgets(budgets: readonly BudgetScope[]): string[] {
    return budgets.map(({ scopeId, interval, capNanos }) => {
      const windowStart = windowStartOf(interval, this.#now);
      const key = `${scopeId} ${interval} ${windowStart}`;
      const known = this.#budgets.get(key);
      if (known && known.cap !== capNanos) {
        known.cap = capNanos;
        known.ceiling = greatest(capNanos, known.reserved + known.spent);
      }
      if (!known)
        this.#budgets.set(key, {
          scopeId,
          period: interval,
          windowStart,
          cap: capNanos,
          ceiling: capNanos,
          reserved: 0n,
          spent: 0n,
          forced: 0n,
        });
      return key;
    });
  }

  #lentTo(accountId: string): bigint {
    let lent = 0n;
    for (const lease of this.#leases.values())
      if (lease.request.accountId === accountId && lease.state !== 'closed') lent += lease.balance;
    return lent;
  }

  #granted = ({ granted, expiresAt }: Lease): GrantReply => ({
    outcome: 'granted',
    grantedNanos: granted,
    ttlMs: Math.max(1, expiresAt - this.#now),
  });

  #account(accountId: string): Account {
    const account = this.#accounts.get(accountId);
    if (!account) throw new Error('no such account');
    return account;
  }

  #lease(leaseId: string): Lease {
    const lease = this.#leases.get(leaseId);
    if (!lease) throw new Error('no such lease');
    return lease;
  }
}

/** Unix milliseconds; weeks start on Monday, and a budget without windows starts at zero. */
export function windowStartOf(interval: BudgetScope['interval'], at: number): number {
  const date = new Date(at);
  if (interval === 'daily') return Math.floor(at / DAY_MS) * DAY_MS;
  if (interval === 'weekly') return (Math.floor(at / DAY_MS) - ((date.getUTCDay() + 6) % 7)) * DAY_MS;
  if (interval === 'monthly') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  return 0;
}
