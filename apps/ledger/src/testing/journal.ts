export interface Entry {
  readonly debit: string;
  readonly credit: string;
  readonly amount: bigint;
  readonly code:
    | 'deposit'
    | 'grant'
    | 'capture'
    | 'late'
    | 'loss'
    | 'return'
    | 'refund'
    | 'correction'
    | 'promo'
    | 'expiry';
  /** What it belongs to. */
  readonly ref: string;
}

export const min = (...amounts: bigint[]) => amounts.reduce((least, amount) => (amount < least ? amount : least));
export const positive = (amount: bigint) => (amount > 0n ? amount : 0n);
export const user = (accountId: string) => `user ${accountId}`;
export const purse = (leaseId: string) => `lease ${leaseId}`;

/** Transfers that are only appended to. It keeps no balance: every sum is made when it is asked for. */
export class Journal {
  readonly #entries: Entry[] = [];

  move(debit: string, credit: string, amount: bigint, code: Entry['code'], ref: string): void {
    if (amount < 0n) throw new Error(`a transfer of ${amount}`);
    if (amount > 0n) this.#entries.push({ debit, credit, amount, code, ref });
  }

  /** The same, the other way round when the amount is below zero. */
  shift(from: string, to: string, amount: bigint, code: Entry['code'], ref: string): void {
    if (amount < 0n) this.move(to, from, -amount, code, ref);
    else this.move(from, to, amount, code, ref);
  }

  find(matches: (entry: Entry) => boolean): Entry | undefined {
    return this.#entries.find(matches);
  }

  sum(counts: (entry: Entry) => boolean): bigint {
    return this.#entries.reduce((sum, entry) => (counts(entry) ? sum + entry.amount : sum), 0n);
  }

  balanceOf(name: string): bigint {
    return this.sum(({ credit }) => credit === name) - this.sum(({ debit }) => debit === name);
  }

  /** What went from one kind of account to another, less what came back. */
  net(from: (name: string) => boolean, to: string, of: (entry: Entry) => boolean = () => true): bigint {
    const there = this.sum((entry) => of(entry) && from(entry.debit) && entry.credit === to);
    return there - this.sum((entry) => of(entry) && from(entry.credit) && entry.debit === to);
  }

  /** I1 and I3. @throws when an account of a customer or a lease is overdrawn, or the whole does not add up. */
  assertSound(): void {
    const names = new Set(this.#entries.flatMap(({ debit, credit }) => [debit, credit]));
    let all = 0n;
    for (const name of names) {
      const balance = this.balanceOf(name);
      all += balance;
      if (balance < 0n && (name.startsWith('user') || name.startsWith('lease')))
        throw new Error(`${name} is overdrawn`);
    }
    if (all !== 0n) throw new Error(`debits and credits differ by ${all}`);
  }
}
