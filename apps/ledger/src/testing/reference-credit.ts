/** What the rules of credit need to know of an account. */
export interface CreditAccount {
  deposited: bigint;
  available: bigint;
  charged: bigint;
}
interface Deposit {
  readonly accountId: string;
  readonly amount: bigint;
  withdrawn: bigint;
}
interface Promo {
  readonly accountId: string;
  readonly externalId: string;
  readonly expiresAt: number;
  remaining: bigint;
}
interface Surroundings {
  account(accountId: string): CreditAccount;
  /** Money of the account in leases that were opened before this moment and are not closed. */
  lentBefore(accountId: string, at: number): bigint;
}

const least = (a: bigint, b: bigint) => (a < b ? a : b);

/** Deposits, refunds and promotional credit of the reference. */
export class ReferenceCredit {
  readonly #deposits = new Map<string, Deposit>();
  readonly #refunds = new Map<string, { deposit: string; amount: bigint }>();
  readonly #promos: Promo[] = [];
  /** How much of the spending of an account is counted already. */
  readonly #marks = new Map<string, bigint>();

  constructor(private readonly around: Surroundings) {}

  deposit(accountId: string, amount: bigint, externalId: string): string {
    const known = this.#deposits.get(externalId);
    if (known) return known.accountId === accountId && known.amount === amount ? 'known' : 'conflict';
    this.#deposits.set(externalId, { accountId, amount, withdrawn: 0n });
    this.#credit(accountId, amount);
    return 'created';
  }

  refund(accountId: string, deposit: string, amount: bigint, externalId: string): string {
    const of = this.#deposits.get(deposit);
    if (of?.accountId !== accountId) return 'no_deposit';
    const known = this.#refunds.get(`${accountId} ${externalId}`);
    if (known) return known.deposit === deposit && known.amount === amount ? 'known' : 'conflict';
    this.#count(accountId);
    const promotional = this.#alive(accountId).reduce((sum, { remaining }) => sum + remaining, 0n);
    const refundable = least(of.amount - of.withdrawn, this.around.account(accountId).available - promotional);
    if (amount > refundable || amount <= 0n) return 'too_much';
    this.#refunds.set(`${accountId} ${externalId}`, { deposit, amount });
    of.withdrawn += amount;
    this.#credit(accountId, -amount);
    return 'created';
  }

  grantPromo(accountId: string, amount: bigint, externalId: string, expiresAt: number): string {
    if (this.#promos.some((promo) => promo.externalId === externalId)) return 'known';
    this.#count(accountId);
    this.#promos.push({ accountId, externalId, expiresAt, remaining: amount });
    this.#promos.sort((a, b) => a.expiresAt - b.expiresAt);
    this.#credit(accountId, amount);
    return 'created';
  }

  expire(now: number): bigint {
    let taken = 0n;
    for (const promo of this.#promos) {
      if (promo.remaining === 0n || promo.expiresAt > now) continue;
      this.#count(promo.accountId);
      const account = this.around.account(promo.accountId);
      const lent = this.around.lentBefore(promo.accountId, promo.expiresAt);
      const part = least(promo.remaining - lent, account.available);
      if (part <= 0n) continue;
      promo.remaining -= part;
      this.#credit(promo.accountId, -part);
      taken += part;
    }
    return taken;
  }

  #credit(accountId: string, amount: bigint): void {
    const account = this.around.account(accountId);
    account.deposited += amount;
    account.available += amount;
  }

  #alive(accountId: string): Promo[] {
    return this.#promos.filter((promo) => promo.accountId === accountId && promo.remaining > 0n);
  }

  /** Spending since the last count uses up promotional credit, the earliest expiry first; a correction gives none back. */
  #count(accountId: string): void {
    const spent = this.around.account(accountId).charged;
    const mark = this.#marks.get(accountId);
    if (mark === undefined || spent > mark) this.#marks.set(accountId, spent);
    let rest = mark === undefined ? 0n : spent - mark;
    for (const promo of this.#alive(accountId)) {
      if (rest <= 0n) return;
      const part = least(rest, promo.remaining);
      promo.remaining -= part;
      rest -= part;
    }
  }
}
