import type { BudgetScope } from '@switchyard/contracts';
import type {
  GrantReply,
  GrantRequest,
  LedgerUnderTest,
  Settled,
  TopUpRequest,
  UsageClaim,
} from './ledger-under-test.js';

interface Entry {
  readonly debit: string;
  readonly credit: string;
  readonly amount: bigint;
  readonly code: 'deposit' | 'grant' | 'capture' | 'late' | 'loss' | 'return' | 'refund' | 'correction' | 'promo' | 'expiry';
  readonly ref: string;
}
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

const min = (...amounts: bigint[]) => amounts.reduce((least, amount) => (amount < least ? amount : least));
const positive = (amount: bigint) => (amount > 0n ? amount : 0n);
const user = (accountId: string) => `user ${accountId}`;
const purse = (leaseId: string) => `lease ${leaseId}`;

/**
 * The ledger a third time, by another way: a journal of transfers that is only appended to. It keeps no balance anywhere; every
 * answer is summed from the journal when it is asked for. What {@link ReferenceLedger} updates in place must agree with it.
 */
export class JournalLedger implements LedgerUnderTest {
  #now = 0;
  readonly #journal: Entry[] = [];
  readonly #spendings: Spending[] = [];
  readonly #accounts = new Set<string>();
  readonly #loans = new Map<string, Loan>();
  readonly #caps = new Map<string, { cap: bigint; ceiling: bigint }>();
  readonly #told = new Map<string, Settled>();
  readonly #topUps = new Set<string>();

  constructor(
    private readonly ttlMs: number,
    private readonly graceMs: number,
  ) {}

  async setNow(at: number): Promise<void> {
    this.#now = at;
  }

  async open(accountId: string): Promise<void> {
    this.#accounts.add(accountId);
  }

  async deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string> {
    const known = this.#journal.find(({ code, ref }) => code === 'deposit' && ref === externalId);
    if (known) return known.credit === user(accountId) && known.amount === amountNanos ? 'known' : 'conflict';
    this.#move('external', user(accountId), amountNanos, 'deposit', externalId);
    return 'created';
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
    this.#move(user(request.accountId), purse(request.leaseId), amount, 'grant', request.leaseId);
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
      this.#move(user(loan.request.accountId), purse(leaseId), amount, 'grant', leaseId);
    }
    this.#renew(loan);
    return this.#granted(loan);
  }

  async close(leaseId: string, keepNanos: bigint): Promise<string> {
    const loan = this.#loans.get(leaseId);
    if (!loan) return 'gone';
    if (loan.state !== 'closed') this.#return(loan, keepNanos);
    return `${loan.state} ${this.#sum((entry) => entry.code === 'return' && entry.ref === leaseId)}`;
  }

  async giveBack(leaseId: string, returnedNanos: bigint): Promise<void> {
    const loan = this.#loans.get(leaseId);
    if (!loan || loan.state === 'closed') return;
    const before = this.#sum((entry) => entry.code === 'return' && entry.ref === leaseId);
    const amount = min(positive(returnedNanos - before), this.#inPurse(loan));
    this.#move(purse(leaseId), user(loan.request.accountId), amount, 'return', leaseId);
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
    return batch.map((claim) => this.#settle(claim));
  }

  async balance(accountId: string): Promise<string> {
    const mine = new Set([...this.#loans.values()].filter(({ request }) => request.accountId === accountId));
    const leases = new Set([...mine].map(({ request }) => purse(request.leaseId)));
    const leased = [...leases].reduce((sum, lease) => sum + this.#balanceOf(lease), 0n);
    const deposited = this.#sum(({ code, credit }) => code === 'deposit' && credit === user(accountId));
    const spent = this.#sum(
      ({ credit, debit }) => credit === 'revenue' && (debit === user(accountId) || leases.has(debit)),
    );
    this.#assertSound();
    return `${deposited} = ${this.#balanceOf(user(accountId))} + ${leased} + ${spent}`;
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

  /** I1, I3 and I7 of every account and window there is. */
  #assertSound(): void {
    const names = new Set(this.#journal.flatMap(({ debit, credit }) => [debit, credit]));
    let all = 0n;
    for (const name of names) {
      const balance = this.#balanceOf(name);
      all += balance;
      if (balance < 0n && (name.startsWith('user') || name.startsWith('lease')))
        throw new Error(`${name} is overdrawn`);
    }
    if (all !== 0n) throw new Error(`debits and credits differ by ${all}`);
    for (const [window, { ceiling }] of this.#caps)
      if (this.#reserved(window) + this.#spent(window) > ceiling) throw new Error(`${window} is over its ceiling`);
  }

  #settle(claim: UsageClaim): Settled {
    const told = this.#told.get(claim.generationId);
    if (told) return { ...told, status: 'duplicate' };
    const loan = this.#loans.get(claim.leaseId)!;
    const owner = user(loan.request.accountId);
    const due = claim.outcome === 'insured' ? 0n : claim.costNanos;
    const fromLease = loan.state === 'closed' ? 0n : min(due, this.#inPurse(loan));
    const late = min(due - fromLease, this.#balanceOf(owner));
    const id = claim.generationId;
    const rooms = loan.windows.map(
      (window) => this.#caps.get(window)!.ceiling - this.#reserved(window) - this.#spent(window),
    );
    this.#move(purse(claim.leaseId), 'revenue', fromLease, 'capture', id);
    this.#move(owner, 'revenue', late, 'late', id);
    this.#move('house_loss', 'revenue', due - fromLease - late, 'loss', id);
    for (const [at, window] of loan.windows.entries()) {
      const fits = min(late, rooms[at]!);
      this.#spendings.push({ window, spent: fromLease + fits, forced: late - fits });
    }
    const settled = { status: 'applied', chargedNanos: fromLease + late };
    this.#told.set(id, settled);
    return settled;
  }

  #loanFor(accountId: string, windows: readonly string[], want: bigint, least: bigint): bigint | GrantReply {
    const available = this.#balanceOf(user(accountId));
    if (available < least) {
      let lent = 0n;
      for (const loan of this.#loans.values()) if (loan.request.accountId === accountId) lent += this.#inPurse(loan);
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
    this.#move(purse(leaseId), user(accountId), positive(this.#inPurse(loan) - keep), 'return', leaseId);
    loan.state = keep === 0n ? 'closed' : 'draining';
  }

  #renew(loan: Loan): void {
    const until = this.#now + this.ttlMs;
    loan.expiresAt = loan.state === 'open' ? Math.min(until, nextDay(loan.openedAt)) : until;
  }

  #granted({ request, expiresAt }: Loan): GrantReply {
    const grantedNanos = this.#sum(({ code, ref }) => code === 'grant' && ref === request.leaseId);
    return { outcome: 'granted', grantedNanos, ttlMs: Math.max(1, expiresAt - this.#now) };
  }

  #move(debit: string, credit: string, amount: bigint, code: Entry['code'], ref: string): void {
    if (amount < 0n) throw new Error(`a transfer of ${amount}`);
    if (amount > 0n) this.#journal.push({ debit, credit, amount, code, ref });
  }

  #sum(counts: (entry: Entry) => boolean): bigint {
    return this.#journal.reduce((sum, entry) => (counts(entry) ? sum + entry.amount : sum), 0n);
  }

  #balanceOf(name: string): bigint {
    return this.#sum(({ credit }) => credit === name) - this.#sum(({ debit }) => debit === name);
  }

  #inPurse = (loan: Loan): bigint => this.#balanceOf(purse(loan.request.leaseId));

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
