import type { BudgetScope } from '@switchyard/contracts';
import { JournalCredit } from './journal-credit.js';
import { Journal, min, positive, purse, user } from './journal.js';
import {
  ESTIMATE_WAIT_MS,
  type GrantReply,
  type GrantRequest,
  type LedgerUnderTest,
  type Settled,
  type TopUpRequest,
  type UsageClaim,
} from './ledger-under-test.js';

interface Loan {
  readonly request: GrantRequest;
  readonly openedAt: Date;
  readonly windows: readonly string[];
  expiresAt: number;
  state: 'open' | 'draining' | 'closed';
}
/** What one generation added to one budget. */
interface Spending {
  readonly window: string;
  readonly spent: bigint;
  readonly forced: bigint;
}

/**
 * The ledger a third time, by another way: a journal of transfers that is only appended to. It keeps no balance anywhere; every
 * answer is summed from the journal when it is asked for. What {@link ReferenceLedger} updates in place must agree with it.
 */
export class JournalLedger implements LedgerUnderTest {
  #now = 0;
  readonly #journal = new Journal();
  readonly #credit = new JournalCredit(this.#journal, {
    purses: (accountId) => new Set(this.#loansOf(accountId).map(({ request }) => purse(request.leaseId))),
    lentBefore: (accountId, at) => this.#lent(accountId, at),
  });
  readonly #spendings: Spending[] = [];
  readonly #loans = new Map<string, Loan>();
  readonly #caps = new Map<string, { cap: bigint; ceiling: bigint }>();
  /** What was booked of each generation: its usage, and behind it the real usage of an estimate. */
  readonly #booked = new Map<string, UsageClaim[]>();
  readonly #waiting: { readonly claim: UsageClaim; readonly dueAt: number }[] = [];
  readonly #topUps = new Set<string>();

  constructor(
    private readonly ttlMs: number,
    private readonly graceMs: number,
  ) {}

  async setNow(at: number): Promise<void> {
    this.#now = at;
  }

  async open(): Promise<void> {
    // An account is its transfers.
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
    const known = this.#loans.get(request.leaseId);
    if (known) return known.state === 'open' ? this.#granted(known) : { outcome: 'conflict' };
    const windows = request.budgets.map((scope) => this.#openWindow(scope));
    const amount = this.#loanFor(request.accountId, windows, request.wantNanos, request.minNanos);
    if (typeof amount !== 'bigint') return amount;
    const openedAt = new Date(this.#now);
    const loan: Loan = { request, openedAt, windows, state: 'open', expiresAt: 0 };
    this.#renew(loan);
    this.#loans.set(request.leaseId, loan);
    this.#journal.move(user(request.accountId), purse(request.leaseId), amount, 'grant', request.leaseId);
    return this.#granted(loan);
  }

  async topUp({ leaseId, topUpId, wantNanos, minNanos }: TopUpRequest): Promise<GrantReply> {
    const loan = this.#loans.get(leaseId);
    const wants = wantNanos + minNanos > 0n;
    if (!loan || loan.state === 'closed' || (loan.state === 'draining' && wants)) return { outcome: 'gone' };
    if (loan.state === 'open' && this.#now >= nextDay(loan.openedAt)) return { outcome: 'gone' };
    if (wants && !this.#topUps.has(topUpId)) {
      const amount = this.#loanFor(loan.request.accountId, loan.windows, wantNanos, minNanos);
      if (typeof amount !== 'bigint') return amount;
      if (amount > 0n) this.#topUps.add(topUpId);
      this.#journal.move(user(loan.request.accountId), purse(leaseId), amount, 'grant', leaseId);
    }
    this.#renew(loan);
    return this.#granted(loan);
  }

  async close(leaseId: string, keepNanos: bigint): Promise<string> {
    const loan = this.#loans.get(leaseId);
    if (!loan) return 'gone';
    if (loan.state !== 'closed') this.#return(loan, keepNanos);
    return `${loan.state} ${this.#journal.sum((entry) => entry.code === 'return' && entry.ref === leaseId)}`;
  }

  async giveBack(leaseId: string, returnedNanos: bigint): Promise<void> {
    const loan = this.#loans.get(leaseId);
    if (!loan || loan.state === 'closed') return;
    const before = this.#journal.sum((entry) => entry.code === 'return' && entry.ref === leaseId);
    const amount = min(positive(returnedNanos - before), this.#inPurse(loan));
    this.#journal.move(purse(leaseId), user(loan.request.accountId), amount, 'return', leaseId);
  }

  async sweep(): Promise<number> {
    const due = [...this.#loans.values()].filter(
      (loan) =>
        loan.state !== 'closed' &&
        (this.#now >= loan.expiresAt + this.graceMs || (loan.state === 'draining' && this.#inPurse(loan) === 0n)),
    );
    for (const loan of due) this.#return(loan, 0n);
    return due.length;
  }

  async apply(batch: readonly UsageClaim[]): Promise<Settled[]> {
    const ready = batch.map((claim) => (claim.waits ? null : this.#settle(claim)));
    return batch.map((claim, at) => ready[at] ?? this.#layBy(claim));
  }

  async bookWaiting(): Promise<string[]> {
    const due = this.#waiting
      .filter(({ claim, dueAt }) => dueAt <= this.#now && !this.#booked.has(claim.generationId))
      .toSorted((a, b) => a.dueAt - b.dueAt || (a.claim.generationId < b.claim.generationId ? -1 : 1));
    return due
      .map(({ claim }) => {
        const { status, chargedNanos } = this.#settle(claim);
        return `${claim.generationId} ${status} ${chargedNanos}`;
      })
      .toSorted();
  }

  async balance(accountId: string): Promise<string> {
    this.#journal.assertSound();
    for (const [window, { ceiling }] of this.#caps)
      if (this.#reserved(window) + this.#spent(window) > ceiling) throw new Error(`${window} is over its ceiling`);
    const available = this.#journal.balanceOf(user(accountId));
    return `${this.#credit.deposited(accountId)} = ${available} + ${this.#lent(accountId)} + ${this.#credit.spent(accountId)}`;
  }

  async scopes(scopeIds: readonly string[]): Promise<string[]> {
    return [...this.#caps]
      .filter(([window]) => scopeIds.some((id) => window.startsWith(id)))
      .map(
        ([window, { cap }]) =>
          `${window} ${cap} ${this.#reserved(window)} ${this.#spent(window)} ${this.#forced(window)}`,
      )
      .sort();
  }

  #layBy(claim: UsageClaim): Settled {
    const id = claim.generationId;
    if (this.#booked.has(id)) return { status: 'superseded', chargedNanos: this.#charged(id) };
    if (!this.#waiting.some((entry) => entry.claim.generationId === id))
      this.#waiting.push({ claim, dueAt: this.#now + ESTIMATE_WAIT_MS });
    return { status: 'pending', chargedNanos: 0n };
  }

  #settle(claim: UsageClaim): Settled {
    const id = claim.generationId;
    const booked = this.#booked.get(id);
    if (!booked) {
      this.#booked.set(id, [claim]);
      this.#book(claim);
      return { status: 'applied', chargedNanos: this.#charged(id) };
    }
    const isReal = claim.outcome === 'final' && booked[0]!.outcome === 'estimate';
    if (isReal && booked.length === 1) {
      booked.push(claim);
      this.#correct(claim);
      return { status: 'corrected', chargedNanos: this.#charged(id) };
    }
    const same = booked.some(({ outcome, costNanos }) => outcome === claim.outcome && costNanos === claim.costNanos);
    const other = claim.outcome === 'estimate' ? 'superseded' : 'contradiction';
    return { status: same ? 'duplicate' : other, chargedNanos: this.#charged(id) };
  }

  #book(claim: UsageClaim): void {
    const loan = this.#loans.get(claim.leaseId)!;
    const price = claim.outcome === 'insured' ? 0n : claim.costNanos;
    const due = min(price, claim.boundNanos);
    const fromLease = loan.state === 'closed' ? 0n : min(due, this.#inPurse(loan));
    const late = min(due - fromLease, this.#journal.balanceOf(user(loan.request.accountId)));
    for (const window of loan.windows) {
      const room = this.#caps.get(window)!.ceiling - this.#reserved(window) - this.#spent(window);
      this.#spendings.push({ window, spent: fromLease + min(late, room), forced: late - min(late, room) });
    }
    this.#journal.move(purse(claim.leaseId), 'revenue', fromLease, 'capture', claim.generationId);
    this.#journal.move(user(loan.request.accountId), 'revenue', late, 'late', claim.generationId);
    this.#journal.move('house_loss', 'revenue', price - fromLease - late, 'loss', claim.generationId);
  }

  #correct(claim: UsageClaim): void {
    const loan = this.#loans.get(claim.leaseId)!;
    const owner = user(loan.request.accountId);
    const id = claim.generationId;
    const wanted = min(claim.costNanos, claim.boundNanos) - this.#charged(id);
    const more = min(wanted, this.#journal.balanceOf(owner));
    for (const window of loan.windows) {
      const room = this.#caps.get(window)!.ceiling - this.#reserved(window) - this.#spent(window);
      const forced = more > 0n ? positive(more - room) : -min(-more, this.#forced(window));
      this.#spendings.push({ window, spent: more - forced, forced });
    }
    this.#journal.shift(owner, 'revenue', more, 'correction', id);
    const lost = this.#journal.net(
      (name) => name === 'house_loss',
      'revenue',
      ({ ref }) => ref === id,
    );
    this.#journal.shift('house_loss', 'revenue', claim.costNanos - this.#charged(id) - lost, 'correction', id);
  }

  /** What the customer has paid for a generation by now. */
  #charged = (id: string): bigint =>
    this.#journal.net(
      (name) => name !== 'house_loss',
      'revenue',
      ({ ref }) => ref === id,
    );

  #loanFor(accountId: string, windows: readonly string[], want: bigint, least: bigint): bigint | GrantReply {
    const available = this.#journal.balanceOf(user(accountId));
    if (available < least) {
      const lent = this.#lent(accountId);
      // What is lent elsewhere may come back; what is not there at all does not.
      const reason = available + lent < least ? 'insufficient_credits' : 'in_flight_budget_exhausted';
      return { outcome: 'refused', reason, availableNanos: available };
    }
    const rooms = windows.map((window) =>
      positive(this.#caps.get(window)!.cap - this.#reserved(window) - this.#spent(window) - this.#forced(window)),
    );
    const room = min(available, ...rooms);
    if (room < least) return { outcome: 'refused', reason: 'budget_exhausted', availableNanos: room };
    const tenth = min(want, room / 10n);
    return tenth > least ? tenth : least;
  }

  #openWindow({ scopeId, interval, capNanos }: BudgetScope): string {
    const window = `${scopeId} ${interval} ${startOfWindow(interval, new Date(this.#now))}`;
    const known = this.#caps.get(window);
    if (known?.cap === capNanos) return window;
    const used = this.#reserved(window) + this.#spent(window);
    this.#caps.set(window, { cap: capNanos, ceiling: known && used > capNanos ? used : capNanos });
    return window;
  }

  #return(loan: Loan, keep: bigint): void {
    const { leaseId, accountId } = loan.request;
    this.#journal.move(purse(leaseId), user(accountId), positive(this.#inPurse(loan) - keep), 'return', leaseId);
    loan.state = keep === 0n ? 'closed' : 'draining';
  }

  #renew(loan: Loan): void {
    const until = this.#now + this.ttlMs;
    loan.expiresAt = loan.state === 'open' ? Math.min(until, nextDay(loan.openedAt)) : until;
  }

  #granted({ request, expiresAt }: Loan): GrantReply {
    const grantedNanos = this.#journal.sum(({ code, ref }) => code === 'grant' && ref === request.leaseId);
    return { outcome: 'granted', grantedNanos, ttlMs: Math.max(1, expiresAt - this.#now) };
  }

  #loansOf = (accountId: string) => [...this.#loans.values()].filter(({ request }) => request.accountId === accountId);

  #lent(accountId: string, openedBefore = Infinity): bigint {
    const loans = this.#loansOf(accountId).filter(({ openedAt }) => openedAt.getTime() < openedBefore);
    return loans.reduce((sum, loan) => sum + this.#inPurse(loan), 0n);
  }

  #inPurse = (loan: Loan): bigint => this.#journal.balanceOf(purse(loan.request.leaseId));

  #reserved(window: string): bigint {
    return [...this.#loans.values()]
      .filter(({ windows, state }) => state !== 'closed' && windows.includes(window))
      .reduce((sum, loan) => sum + this.#inPurse(loan), 0n);
  }

  #spent(window: string): bigint {
    return this.#spendings.reduce((sum, entry) => (entry.window === window ? sum + entry.spent : sum), 0n);
  }

  #forced(window: string): bigint {
    return this.#spendings.reduce((sum, entry) => (entry.window === window ? sum + entry.forced : sum), 0n);
  }
}

const nextDay = (at: Date) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1);

/** By the calendar, day by day, and not by arithmetic on milliseconds. */
function startOfWindow(interval: BudgetScope['interval'], at: Date): number {
  const start = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
  if (interval === 'total') return 0;
  if (interval === 'weekly') while (start.getUTCDay() !== 1) start.setUTCDate(start.getUTCDate() - 1);
  if (interval === 'monthly') start.setUTCDate(1);
  return start.getTime();
}
