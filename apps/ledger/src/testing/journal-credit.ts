import { min, positive, user, type Journal } from './journal.js';

interface Promo {
  readonly accountId: string;
  readonly externalId: string;
  readonly amount: bigint;
  readonly expiresAt: number;
}
interface Loans {
  /** Names of all leases that the account ever had. */
  purses(accountId: string): ReadonlySet<string>;
  lentBefore(accountId: string, at: number): bigint;
}

/** Deposits, refunds and promotional credit, out of the journal and of notes that are only appended to. */
export class JournalCredit {
  readonly #promos: Promo[] = [];
  readonly #refunds: { readonly id: string; readonly deposit: string }[] = [];
  readonly #counted: { readonly promo: string; readonly amount: bigint }[] = [];
  readonly #marks: { readonly accountId: string; readonly spent: bigint }[] = [];

  constructor(
    private readonly journal: Journal,
    private readonly loans: Loans,
  ) {}

  deposit(accountId: string, amount: bigint, externalId: string): string {
    const known = this.#depositOf(externalId);
    if (known) return known.credit === user(accountId) && known.amount === amount ? 'known' : 'conflict';
    this.journal.move('external', user(accountId), amount, 'deposit', externalId);
    return 'created';
  }

  refund(accountId: string, deposit: string, amount: bigint, externalId: string): string {
    const of = this.#depositOf(deposit);
    if (of?.credit !== user(accountId)) return 'no_deposit';
    const known = this.journal.find(({ code, ref }) => code === 'refund' && ref === externalId);
    if (known) return known.amount === amount ? 'known' : 'conflict';
    this.#count(accountId);
    const ids = new Set(this.#refunds.filter((entry) => entry.deposit === deposit).map(({ id }) => id));
    const withdrawn = this.journal.sum(({ code, ref }) => code === 'refund' && ids.has(ref));
    const gifts = this.#promosOf(accountId).reduce((sum, promo) => sum + this.#remaining(promo), 0n);
    const available = this.journal.balanceOf(user(accountId));
    if (amount <= 0n || amount > positive(min(of.amount - withdrawn, available - gifts))) return 'too_much';
    this.#refunds.push({ id: externalId, deposit });
    this.journal.move(user(accountId), 'external', amount, 'refund', externalId);
    return 'created';
  }

  grantPromo(accountId: string, amount: bigint, externalId: string, expiresAt: number): string {
    if (this.#promos.some((promo) => promo.externalId === externalId)) return 'known';
    this.#count(accountId);
    this.#promos.push({ accountId, externalId, amount, expiresAt });
    this.journal.move('promo', user(accountId), amount, 'promo', externalId);
    return 'created';
  }

  expire(now: number): bigint {
    let taken = 0n;
    for (const promo of this.#promos.toSorted((a, b) => a.expiresAt - b.expiresAt)) {
      if (promo.expiresAt > now) continue;
      if (this.#remaining(promo) === 0n) continue;
      this.#count(promo.accountId);
      const idle = this.#remaining(promo) - this.loans.lentBefore(promo.accountId, promo.expiresAt);
      const part = positive(min(idle, this.journal.balanceOf(user(promo.accountId))));
      this.journal.move(user(promo.accountId), 'promo', part, 'expiry', promo.externalId);
      taken += part;
    }
    return taken;
  }

  /** What was deposited and given, less what went out again. */
  deposited(accountId: string): bigint {
    const own = (name: string) => name === user(accountId);
    return -this.journal.net(own, 'external') - this.journal.net(own, 'promo');
  }

  spent(accountId: string): bigint {
    const purses = this.loans.purses(accountId);
    return this.journal.net((name) => name === user(accountId) || purses.has(name), 'revenue');
  }

  #depositOf = (externalId: string) => this.journal.find(({ code, ref }) => code === 'deposit' && ref === externalId);

  #promosOf = (accountId: string) =>
    this.#promos.filter((promo) => promo.accountId === accountId).toSorted((a, b) => a.expiresAt - b.expiresAt);

  #remaining({ externalId, amount }: Promo): bigint {
    const counted = this.#counted.reduce((sum, entry) => (entry.promo === externalId ? sum + entry.amount : sum), 0n);
    return amount - counted - this.journal.sum(({ code, ref }) => code === 'expiry' && ref === externalId);
  }

  #count(accountId: string): void {
    const spent = this.spent(accountId);
    const highest = this.#marks.filter((mark) => mark.accountId === accountId).at(-1)?.spent;
    if (highest !== undefined && spent <= highest) return;
    this.#marks.push({ accountId, spent });
    if (highest === undefined) return;
    let rest = spent - highest;
    for (const promo of this.#promosOf(accountId)) {
      const amount = min(rest, this.#remaining(promo));
      this.#counted.push({ promo: promo.externalId, amount });
      rest -= amount;
    }
  }
}
