import type { BudgetScope } from '@switchyard/contracts';
import { ReferenceCredit, type CreditAccount } from './reference-credit.js';
import { ESTIMATE_WAIT_MS } from './ledger-under-test.js';
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
  readonly openedAt: number;
  readonly dayEnd: number;
  readonly scopes: readonly string[];
  granted: bigint;
  balance: bigint;
  returned: bigint;
  state: 'open' | 'draining' | 'closed';
  expiresAt: number;
}
interface Booked {
  readonly claim: UsageClaim;
  charged: bigint;
  lost: bigint;
  /** Cost of the real usage of an estimate. */
  realCost: bigint | null;
}

const DAY_MS = 86_400_000;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const greatest = (a: bigint, b: bigint) => (a > b ? a : b);
const midnightAfter = (at: number) => (Math.floor(at / DAY_MS) + 1) * DAY_MS;

/** The rules of the ledger once more, in plain objects and without a database: what the real one is compared with. */
export class ReferenceLedger implements LedgerUnderTest {
  #now = 0;
  readonly #accounts = new Map<string, CreditAccount>();
  readonly #leases = new Map<string, Lease>();
  readonly #budgets = new Map<string, Budget>();
  readonly #usage = new Map<string, Booked>();
  readonly #waiting = new Map<string, { claim: UsageClaim; dueAt: number }>();
  readonly #credit = new ReferenceCredit({
    account: (accountId) => this.#account(accountId),
    lentBefore: (accountId, at) => this.#lentTo(accountId, at),
  });
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
    return this.#credit.deposit(accountId, amountNanos, externalId);
  }

  async refund(accountId: string, depositId: string, amountNanos: bigint, externalId: string): Promise<string> {
    return this.#credit.refund(accountId, depositId, amountNanos, externalId);
  }

  async grantPromo(accountId: string, amountNanos: bigint, externalId: string, expiresAt: number): Promise<string> {
    return this.#credit.grantPromo(accountId, amountNanos, externalId, expiresAt);
  }

  async expirePromos(): Promise<bigint> {
    return this.#credit.expire(this.#now);
  }

  async grant(request: GrantRequest): Promise<GrantReply> {
    const known = this.#leases.get(request.leaseId);
    if (known) return known.state === 'open' ? this.#granted(known) : { outcome: 'conflict' };
    const scopes = this.#openBudgets(request.budgets);
    const loan = this.#loan(request.accountId, scopes, request.wantNanos, request.minNanos);
    if (typeof loan !== 'bigint') return loan;
    const lease: Lease = {
      request,
      openedAt: this.#now,
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

  async giveBack(leaseId: string, returnedNanos: bigint): Promise<void> {
    const lease = this.#lease(leaseId);
    if (lease.state !== 'closed') this.#takeBack(lease, least(returnedNanos - lease.returned, lease.balance));
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
    const settled = new Map<UsageClaim, Settled[]>();
    // What waits is looked at when the rest is booked.
    for (const claim of [...batch.filter(({ waits }) => !waits), ...batch.filter(({ waits }) => waits)])
      settled.set(claim, [...(settled.get(claim) ?? []), claim.waits ? this.#layBy(claim) : this.#settle(claim)]);
    return batch.map((claim) => settled.get(claim)!.shift()!);
  }

  async bookWaiting(): Promise<string[]> {
    const due = [...this.#waiting.values()]
      .filter(({ dueAt }) => dueAt <= this.#now)
      .toSorted((a, b) => a.dueAt - b.dueAt || (a.claim.generationId < b.claim.generationId ? -1 : 1));
    return due
      .map(({ claim }) => {
        const { status, chargedNanos } = this.#settle(claim);
        return `${claim.generationId} ${status} ${chargedNanos}`;
      })
      .toSorted();
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

  #layBy(claim: UsageClaim): Settled {
    const known = this.#usage.get(claim.generationId);
    if (known) return { status: 'superseded', chargedNanos: known.charged };
    if (!this.#waiting.has(claim.generationId))
      this.#waiting.set(claim.generationId, { claim, dueAt: this.#now + ESTIMATE_WAIT_MS });
    return { status: 'pending', chargedNanos: 0n };
  }

  #settle(claim: UsageClaim): Settled {
    this.#waiting.delete(claim.generationId);
    const known = this.#usage.get(claim.generationId);
    if (!known) return { status: 'applied', chargedNanos: this.#book(claim) };
    let status = claim.outcome === 'estimate' ? 'superseded' : 'contradiction';
    if (claim.outcome === 'final' && known.claim.outcome === 'estimate' && known.realCost === null) {
      this.#correct(known, claim);
      status = 'corrected';
    } else if (
      (claim.outcome === known.claim.outcome && claim.costNanos === known.claim.costNanos) ||
      (claim.outcome === 'final' && claim.costNanos === known.realCost)
    )
      status = 'duplicate';
    return { status, chargedNanos: known.charged };
  }

  #book(claim: UsageClaim): bigint {
    const lease = this.#lease(claim.leaseId);
    const account = this.#account(lease.request.accountId);
    const price = claim.outcome === 'insured' ? 0n : claim.costNanos;
    const due = least(price, claim.boundNanos);
    const fromLease = lease.state === 'closed' ? 0n : least(due, lease.balance);
    const fromUser = least(due - fromLease, account.available);
    lease.balance -= fromLease;
    account.charged += fromLease;
    for (const key of lease.scopes) {
      const budget = this.#budgets.get(key)!;
      budget.reserved -= fromLease;
      budget.spent += fromLease;
    }
    this.#chargeUser(lease, fromUser);
    const charged = fromLease + fromUser;
    this.#usage.set(claim.generationId, { claim, charged, lost: price - charged, realCost: null });
    return charged;
  }

  #correct(known: Booked, claim: UsageClaim): void {
    const lease = this.#lease(claim.leaseId);
    const wanted = least(claim.costNanos, claim.boundNanos) - known.charged;
    const change = least(wanted, this.#account(lease.request.accountId).available);
    this.#chargeUser(lease, change);
    known.charged += change;
    known.lost = claim.costNanos - known.charged;
    known.realCost = claim.costNanos;
  }

  /** Takes money from the user, or gives it back; a budget counts it as spent where it has room, and takes back what was forced first. */
  #chargeUser(lease: Lease, amount: bigint): void {
    const account = this.#account(lease.request.accountId);
    account.available -= amount;
    account.charged += amount;
    for (const key of lease.scopes) {
      const budget = this.#budgets.get(key)!;
      const forced =
        amount > 0n
          ? greatest(amount - (budget.ceiling - budget.reserved - budget.spent), 0n)
          : greatest(amount, -budget.forced);
      budget.forced += forced;
      budget.spent += amount - forced;
    }
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
    this.#takeBack(lease, lease.balance - keep);
    lease.state = keep === 0n ? 'closed' : 'draining';
  }

  #takeBack(lease: Lease, wanted: bigint): void {
    const amount = greatest(wanted, 0n);
    this.#account(lease.request.accountId).available += amount;
    lease.balance -= amount;
    lease.returned += amount;
    for (const key of lease.scopes) this.#budgets.get(key)!.reserved -= amount;
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

  #lentTo(accountId: string, openedBefore = Infinity): bigint {
    let lent = 0n;
    for (const lease of this.#leases.values())
      if (lease.request.accountId === accountId && lease.state !== 'closed' && lease.openedAt < openedBefore)
        lent += lease.balance;
    return lent;
  }

  #granted = ({ granted, expiresAt }: Lease): GrantReply => ({
    outcome: 'granted',
    grantedNanos: granted,
    ttlMs: Math.max(1, expiresAt - this.#now),
  });

  #account(accountId: string): CreditAccount {
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
